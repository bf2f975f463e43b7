// Receipts checked ahead, on other processors: what is found right is not looked at again, everything else is judged as
// ever. Entries judged while they are pulled are judged by the same rules.

import type { Place } from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import { chainOf, crypto, DAY_MS, NOW, sampleCharter } from '../../ledger/test/sample-charter.ts';
import { ProofWorld } from '../../ledger/test/proof-world.ts';
import { deviceGenesis, objects, placeOf, voidOf } from '../../ledger/test/samples.ts';
import { ledgerWorkers } from '../src/adapters/ledger-workers.ts';
import { LedgerAdmission } from '../src/admit-ledger.ts';
import type { LedgerProcessors } from '../src/ledger-processors.ts';

const LAPTOP = 'device laptop';

/** One place of three has a receipt of which a bit is wrong. */
async function forgedWorld() {
  const world = await ProofWorld.of(chainOf(sampleCharter(9)));
  const places = ['one', 'two', 'three'].map((name) => placeOf(world.charters.current, { name }));
  const forged = { ...(places[1] as Place) };
  forged.fragments = forged.fragments.map((fragment, nth) => {
    if (nth !== 4 || fragment.length === 1) return fragment;
    const [root, daemon, generation, receipt] = fragment;
    return [root, daemon, generation, receipt.map((byte, at) => (at === 9 ? byte ^ 1 : byte))];
  });
  await world.write(LAPTOP, [deviceGenesis('laptop'), places[0] as Place, forged, places[2] as Place]);
  await world.certify(LAPTOP);
  return world;
}

function admissionOf({ charters }: ProofWorld, processors?: LedgerProcessors): LedgerAdmission {
  return new LedgerAdmission({ crypto, charters, scopes: [{ of: 'all' }], processors });
}

describe('a forged receipt', () => {
  test('is found, whoever checks', async () => {
    const world = await forgedWorld();
    const workers = ledgerWorkers(1);
    try {
      for (const processors of [undefined, workers]) {
        const { problems } = await admissionOf(world, processors).finish(world.logs);
        expect(problems.map(({ index, code }) => [index, code])).toEqual([[2, 'RECEIPT_FORGED']]);
      }
    } finally {
      await workers.close();
    }
  });

  test('is one of nine signatures asked for, each under the key of its daemon', async () => {
    const world = await forgedWorld();
    const asked: number[] = [];
    const processors: LedgerProcessors = {
      takeAppends: () => undefined,
      verify: async (checks) => {
        asked.push(checks.length);
        return checks.map((one) => crypto.ed25519Verify(one.signature, one.message, one.publicKey));
      },
      close: async () => undefined,
    };
    const { problems } = await admissionOf(world, processors).finish(world.logs);
    expect(asked).toEqual([27]);
    expect(problems).toHaveLength(1);
  });
});

describe('objects judged while they are pulled', () => {
  const writtenAt = async (time: number) => {
    const world = await ProofWorld.of(chainOf(sampleCharter(4)));
    await world.write(LAPTOP, [deviceGenesis('laptop', { until: NOW + DAY_MS }), objects('first')]);
    await world.write(LAPTOP, [objects('second')], time);
    await world.certify(LAPTOP);
    const { origin } = world.pen(LAPTOP);
    const writer = await world.logs.writer(origin, () => {
      throw new Error('it is known');
    });
    if (writer === undefined) throw new Error('a writer');
    const admission = admissionOf(world);
    const entries = { kinds: ['genesis', 'objects', 'objects'], times: [NOW, NOW, time] } as const;
    admission.take({ origin, from: 0, writer }, entries);
    return { world, admission };
  };

  test('are in order while the delegation lasts, and a problem after it', async () => {
    const good = await writtenAt(NOW + 1);
    expect((await good.admission.finish(good.world.logs)).problems).toEqual([]);
    const late = await writtenAt(NOW + 2 * DAY_MS);
    const { problems } = await late.admission.finish(late.world.logs);
    expect(problems.map(({ index, code }) => [index, code])).toEqual([[2, 'DELEGATION_EXPIRED']]);
  });

  test('are no problem once a void cancels them', async () => {
    const { world } = await writtenAt(NOW + 2 * DAY_MS);
    const voided = await ProofWorld.of(world.charters);
    await voided.write(LAPTOP, [deviceGenesis('laptop', { until: NOW + DAY_MS }), objects('first')]);
    await voided.write(LAPTOP, [objects('second')], NOW + 2 * DAY_MS);
    await voided.write(LAPTOP, [voidOf(2)]);
    await voided.certify(LAPTOP);
    expect((await admissionOf(voided).finish(voided.logs)).problems).toEqual([]);
  });
});
