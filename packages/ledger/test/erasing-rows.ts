// Rows of the table in rules.test.ts: purges, sweeps and trims that voters refuse.

import { ErasingBench, PURGEABLE, RELEASABLE } from './erasing-bench.ts';
import { type Row, RuleBench } from './rule-bench.ts';
import {
  keepOf,
  objects,
  purgeOf,
  releaseOf,
  siteLostOf,
  sweepOf,
  trimOf,
  VAULT,
  voidOf,
} from './samples.ts';

/** Fragment 1 lies on h2 since its place; the daemon of a tenth hoster has custody of it too. All is certified. */
async function doubled(spare = 'h0'): Promise<ErasingBench> {
  const it = await ErasingBench.open();
  await it.certified(spare, it.custody(spare, 1));
  return it;
}

const trim = (it: ErasingBench, keeper: string, generation = 1) =>
  trimOf({ segment: it.segment, index: 1, keeper }, generation);

const generations: Row[] = (
  [
    ['sweep', () => sweepOf(3)],
    ['purge', (it) => purgeOf(3, [it.segment])],
    ['trim', (it) => trim(it, 'h2', 3)],
  ] satisfies [string, (it: ErasingBench) => ReturnType<typeof sweepOf | typeof purgeOf | typeof trimOf>][]
).map(([name, payload]) => ({
  name: `a ${name} that does not raise the generation`,
  code: 'GENERATION_OLD',
  class: 'policy',
  async sabotage() {
    const it = await doubled();
    await it.bench.mustWrite(it.bench.daemon, [sweepOf(3)]);
    return it.bench.write(it.bench.daemon, [payload(it)]);
  },
}));

const rights: Row[] = (
  [
    ['sweep', () => sweepOf(1)],
    ['purge', (it) => purgeOf(1, [it.segment])],
    ['trim', (it) => trim(it, 'h2')],
  ] satisfies [string, (it: ErasingBench) => ReturnType<typeof sweepOf | typeof purgeOf | typeof trimOf>][]
).map(([name, payload]) => ({
  name: `a ${name} of a device`,
  code: 'RIGHT_MISSING',
  class: 'never',
  sabotage: async () => {
    const it = await doubled();
    return it.bench.device1(payload(it));
  },
}));

const purges: Row[] = [
  {
    name: 'a purge of a claim that nobody released',
    code: 'CLAIM_HELD',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      it.at(PURGEABLE);
      return it.purge();
    },
  },
  {
    name: 'a purge while a keep, voted and not certified, holds on',
    code: 'CLAIM_HELD',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.released();
      await it.bench.mustWrite(it.bench.device, [keepOf(it.segment)]);
      return it.purge();
    },
  },
  {
    name: 'a purge after a release that was voided',
    code: 'CLAIM_HELD',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      it.at(RELEASABLE);
      await it.bench.mustWrite(it.bench.device, [releaseOf([it.claim])]);
      await it.bench.mustWrite(it.bench.device, [voidOf(2)]);
      await it.bench.certify(it.bench.device);
      it.at(PURGEABLE);
      return it.purge();
    },
  },
  {
    name: 'a purge after a release that is not certified here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const it = await ErasingBench.open();
      it.at(RELEASABLE);
      await it.bench.mustWrite(it.bench.device, [releaseOf([it.claim])]);
      it.at(PURGEABLE);
      return it.purge();
    },
  },
  {
    name: 'a purge of what was never placed',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: async () => (await ErasingBench.released()).purge(1, VAULT),
  },
  {
    name: 'a purge of what was placed and voided',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = await bench.voidedPlace();
      bench.clock.time = PURGEABLE;
      return bench.write(bench.daemon, [purgeOf(1, [place.segment])]);
    },
  },
  {
    name: 'a purge one millisecond before the grace ends',
    code: 'GRACE_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.released();
      it.at(PURGEABLE - 1);
      return it.purge();
    },
  },
  {
    name: 'a purge after a release that its device dated back',
    code: 'GRACE_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      it.at(PURGEABLE - 1);
      await it.bench.mustWrite(it.bench.device, [releaseOf([it.claim])], RELEASABLE);
      await it.bench.certify(it.bench.device);
      it.at(PURGEABLE);
      return it.purge();
    },
  },
  {
    name: 'a purge while another released place retains the segment',
    code: 'RETENTION_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      const { bench, place } = it;
      await bench.mustWrite(bench.device, [{ ...place, retainUntil: PURGEABLE + 1 }]);
      await bench.certify(bench.device);
      it.at(RELEASABLE);
      // Voters whose clocks are far ahead let both go; this one is told under their certificate.
      const append = bench.device.write([releaseOf([it.claim, { ...it.claim, index: 2 }])]);
      await bench.append(append, bench.certificateOf(append.checkpoint));
      it.at(PURGEABLE);
      return it.purge();
    },
  },
  {
    name: 'a purge of a payload that nobody released',
    code: 'PAYLOAD_HELD',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.released();
      await it.bench.mustWrite(it.bench.device, [objects('a')]);
      const payload = { origin: it.bench.device.origin, index: 3 };
      return it.bench.write(it.bench.daemon, [purgeOf(1, [], [payload])]);
    },
  },
  {
    name: 'a purge of a payload whose release is not certified here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const it = await ErasingBench.released();
      await it.bench.mustWrite(it.bench.device, [objects('a'), releaseOf([], 3)]);
      const payload = { origin: it.bench.device.origin, index: 3 };
      return it.bench.write(it.bench.daemon, [purgeOf(1, [], [payload])]);
    },
  },
  {
    name: 'a purge of a payload before the grace ends',
    code: 'GRACE_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.released();
      await it.bench.mustWrite(it.bench.device, [objects('a'), releaseOf([], 3)]);
      await it.bench.certify(it.bench.device);
      const payload = { origin: it.bench.device.origin, index: 3 };
      return it.bench.write(it.bench.daemon, [purgeOf(1, [], [payload])]);
    },
  },
];

const trims: Row[] = [
  {
    name: 'a trim that relies on itself',
    code: 'KEEPER_SELF',
    class: 'never',
    async sabotage() {
      const it = await doubled();
      return it.bench.write(await it.pen('h0'), [trim(it, 'h0')]);
    },
  },
  {
    name: 'a trim that relies on a daemon no charter lists',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      return it.bench.write(await it.pen('h0'), [{ ...trim(it, 'h2'), keeper: new Uint8Array(16) }]);
    },
  },
  {
    name: 'a trim that relies on a daemon without the fragment',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      return it.bench.write(await it.pen('h0'), [trim(it, 'h3')]);
    },
  },
  {
    name: 'a trim of what the daemon does not hold',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      return it.bench.write(await it.pen('h3'), [trim(it, 'h2')]);
    },
  },
  {
    name: 'a trim that relies on custody nobody certified',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      await it.bench.mustWrite(await it.pen('h0'), [it.custody('h0', 1)]);
      return it.bench.write(await it.pen('h2'), [trim(it, 'h0')]);
    },
  },
  {
    name: 'a trim that relies on a fragment lost since',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      await it.bench.mustWrite(await it.pen('h2'), [{ kind: 'lost', fragments: [[it.segment, 1]] }]);
      return it.bench.write(await it.pen('h0'), [trim(it, 'h2')]);
    },
  },
  ...['voted', 'voted and then voided'].map(
    (how): Row => ({
      name: `a trim that relies on a copy whose own trim was ${how}`,
      code: 'HOLDER_GONE',
      class: 'policy',
      async sabotage() {
        const it = await doubled();
        const keeper = await it.pen('h2');
        await it.bench.mustWrite(keeper, [trim(it, 'h0')]);
        if (how !== 'voted') await it.bench.mustWrite(keeper, [voidOf(1)]);
        return it.bench.write(await it.pen('h0'), [trim(it, 'h2')]);
      },
    }),
  ),
  {
    name: 'a trim of the copy that another one, not certified yet, relies on',
    code: 'COPY_RELIED_ON',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      await it.certified('h3', it.custody('h3', 1));
      await it.bench.mustWrite(await it.pen('h2'), [trim(it, 'h0')]);
      return it.bench.write(await it.pen('h0'), [trim(it, 'h3')]);
    },
  },
  {
    name: 'a trim while another fragment is lost',
    code: 'MARGIN_SHORT',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      await it.bench.mustWrite(await it.pen('h5'), [{ kind: 'lost', fragments: [[it.segment, 4]] }]);
      return it.bench.write(await it.pen('h0'), [trim(it, 'h2')]);
    },
  },
  {
    name: 'a trim while another fragment lies on a site declared lost',
    code: 'MARGIN_SHORT',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      await it.bench.mustWrite(await it.pen('h5'), [siteLostOf('h5')]);
      return it.bench.write(await it.pen('h0'), [trim(it, 'h2')]);
    },
  },
  {
    name: 'a trim that relies on a copy on a site declared lost',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      await it.bench.mustWrite(await it.pen('h2'), [siteLostOf('h2')]);
      return it.bench.write(await it.pen('h0'), [trim(it, 'h2')]);
    },
  },
  {
    name: 'a trim after which two fragments would be on one site alone',
    code: 'DOMAIN_RULE',
    class: 'policy',
    async sabotage() {
      const it = await doubled('h1');
      return it.bench.write(await it.pen('h2'), [trim(it, 'h1')]);
    },
  },
  {
    name: 'a second trim of one copy in the same append',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await doubled();
      return it.bench.write(await it.pen('h0'), [trim(it, 'h2'), trim(it, 'h2', 2)]);
    },
  },
];

export const erasingRows = { generations, rights, purges, trims };
