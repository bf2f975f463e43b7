// Rows of the table in rules.test.ts: what voters refuse to hear about sites, about coming back, and from auditors.

import { ErasingBench } from './erasing-bench.ts';
import { type Row, RuleBench } from './rule-bench.ts';
import { advance, NOW, sampleCharter } from './sample-charter.ts';
import { auditOf, drillOf, maintenanceOf, Pen, readmitOf, siteLostOf, VAULT, voidOf } from './samples.ts';
import { type Payload, readHead } from '../src/index.ts';

/** The log of the charter's operator, begun here. */
export async function operatorPen(bench: RuleBench): Promise<Pen> {
  const pen = new Pen('operator crisis');
  await bench.mustWrite(pen, [{ kind: 'genesis', writer: 'operator', operator: 'crisis' }]);
  return pen;
}

/** A head that the bench knows as certified: of the device, with the place. */
export function headOf({ bench }: ErasingBench) {
  const { origin, size, root } = readHead(bench.hoster.mirror.logs.state(bench.device.origin).checkpoint);
  return { origin, size, root };
}

type Findings = Parameters<typeof auditOf>[2];
/** The answer to an audit by h1's daemon of another one's fragments. */
async function audits(
  of: (it: ErasingBench) => { holder?: string; head?: object; change?: Findings },
): Promise<unknown> {
  const it = await ErasingBench.open();
  const { holder = 'h2', head = {}, change } = of(it);
  return it.bench.write(it.bench.daemon, [auditOf(holder, { ...headOf(it), ...head }, change)]);
}

const rights: Row[] = (
  [
    ['a loss of a site by a device', (bench) => bench.device1(siteLostOf('h1'))],
    ['maintenance by a device', (bench) => bench.device1(maintenanceOf('h1', NOW))],
    ['a drill by a device', (bench) => bench.device1(drillOf())],
    ['a drill by a daemon', (bench) => bench.write(bench.daemon, [drillOf()])],
    ['a readmission by a device', (bench) => bench.device1(readmitOf())],
    ['a readmission by an operator', async (bench) => bench.write(await operatorPen(bench), [readmitOf()])],
    [
      'an audit by a device',
      (bench) => bench.device1(auditOf('h2', { origin: bench.device.origin, size: 1, root: VAULT })),
    ],
    [
      'an audit by an operator',
      async (bench) => {
        const head = { origin: bench.device.origin, size: 1, root: VAULT };
        return bench.write(await operatorPen(bench), [auditOf('h2', head)]);
      },
    ],
  ] satisfies [string, (bench: RuleBench) => Promise<unknown>][]
).map(([name, sabotage]) => ({
  name,
  code: 'RIGHT_MISSING',
  class: 'never',
  sabotage: async () => sabotage(await RuleBench.open()),
}));

const siteWords = [
  ['a loss', siteLostOf],
  ['maintenance', (site: string) => maintenanceOf(site, NOW + 1)],
] satisfies [string, (site: string) => Payload][];

const sites: Row[] = siteWords.flatMap(([name, word]): Row[] => [
  {
    name: `${name} of a site that no charter lists, by an operator`,
    code: 'SITE_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      return bench.write(await operatorPen(bench), [word('atlantis')]);
    },
  },
  {
    name: `${name} of a site that left the charter`,
    code: 'SITE_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = await operatorPen(bench);
      const { sites: all, daemons } = bench.charter;
      advance(bench.charters, {
        sites: all.filter(({ id }) => id !== 'h0'),
        daemons: daemons.filter(({ site }) => site !== 'h0'),
      });
      return bench.write(pen, [word('h0')]);
    },
  },
  {
    name: `${name} of another hoster’s site, by a daemon`,
    code: 'SITE_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      return bench.write(bench.daemon, [word('h2')]);
    },
  },
  {
    name: `${name} by an operator that was dropped`,
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = await operatorPen(bench);
      advance(bench.charters, { operators: [] });
      return bench.write(pen, [word('h1')]);
    },
  },
]);

const readmits: Row[] = [
  {
    name: 'a readmission after a loss that is not here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = await operatorPen(bench);
      return bench.write(bench.daemon, [readmitOf({ origin: pen.origin, index: 1 })]);
    },
  },
  {
    name: 'a readmission after a loss of another site',
    code: 'READMIT_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = await operatorPen(bench);
      await bench.mustWrite(pen, [siteLostOf('h1'), siteLostOf('h2')]);
      const losses = [1, 2].map((index) => ({ origin: pen.origin, index }));
      return bench.write(bench.daemon, [readmitOf(...losses)]);
    },
  },
  {
    name: 'a readmission after what is no loss',
    code: 'READMIT_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      return bench.write(bench.daemon, [readmitOf({ origin: bench.daemon.origin, index: 0 })]);
    },
  },
  {
    name: 'a readmission before the loss, in one append',
    code: 'READMIT_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const loss = { origin: bench.daemon.origin, index: 2 };
      return bench.write(bench.daemon, [readmitOf(loss), siteLostOf('h1')]);
    },
  },
];

/** A second site of h1's hoster. */
const sibling = () => ({
  sites: sampleCharter(9).sites.map((one) => (one.id === 'h0' ? { ...one, hoster: 'h1' } : one)),
});

const auditors: Row[] = [
  {
    name: 'an audit of itself',
    code: 'AUDIT_OWN',
    class: 'policy',
    sabotage: () => audits(() => ({ holder: 'h1' })),
  },
  {
    name: 'an audit of another daemon of the same hoster',
    code: 'AUDIT_OWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open({ charter: sibling() });
      const { origin } = bench.device;
      const head = {
        origin,
        size: 1,
        root: readHead(bench.hoster.mirror.logs.state(origin).checkpoint).root,
      };
      await bench.certify(bench.device);
      return bench.write(bench.daemon, [auditOf('h0', head)]);
    },
  },
  {
    name: 'an audit of a daemon that no charter lists',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    sabotage: () => audits(() => ({ change: { daemon: new Uint8Array(16) } })),
  },
  {
    name: 'an audit derived from a head further than is certified here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => audits((it) => ({ head: { size: headOf(it).size + 1 } })),
  },
  {
    name: 'an audit derived from a head of a log that is not here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => audits(() => ({ head: { origin: `grand-est/${'ab'.repeat(32)}` } })),
  },
  {
    name: 'an audit derived from nothing',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => audits(() => ({ head: { size: 0 } })),
  },
  {
    name: 'an audit derived from a root that its auditor chose',
    code: 'AUDIT_OTHER',
    class: 'never',
    sabotage: () => audits(() => ({ head: { root: VAULT } })),
  },
  {
    name: 'an audit of a leaf that the fragment does not have',
    code: 'AUDIT_OTHER',
    class: 'never',
    sabotage: () => audits(({ segment }) => ({ change: { failed: [[segment, 1, 2, 'LEAF_WRONG']] } })),
  },
  ...(
    [
      ['failed', ({ segment }) => ({ failed: [[segment, 2, 0, 'LEAF_WRONG']] })],
      ['degraded', ({ segment }) => ({ degraded: [[segment, 2, 0, 'LEAF_WRONG']] })],
      ['restored', ({ segment }) => ({ restored: [[segment, 2]] })],
    ] satisfies [string, (it: ErasingBench) => Findings][]
  ).map(
    ([name, change]): Row => ({
      name: `an audit whose ${name} fragment another daemon holds`,
      code: 'HOLDER_GONE',
      class: 'policy',
      sabotage: () => audits((it) => ({ change: change(it) })),
    }),
  ),
  {
    name: 'an audit of a segment that nobody placed',
    code: 'HOLDER_GONE',
    class: 'policy',
    sabotage: () => audits(() => ({ change: { failed: [[VAULT, 1, 0, 'LEAF_WRONG']] } })),
  },
  {
    name: 'an audit of custody that was voided',
    code: 'HOLDER_GONE',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      const pen = await it.pen('h0');
      await it.bench.mustWrite(pen, [it.custody('h0', 1)]);
      await it.bench.mustWrite(pen, [voidOf(1)]);
      const audit = auditOf('h0', headOf(it), { failed: [[it.segment, 1, 0, 'LEAF_WRONG']] });
      return it.bench.write(it.bench.daemon, [audit]);
    },
  },
];

export const standingRows = { siteRights: rights, sites, readmits, auditors };
