// A receipt promises custody: for what lies here, also while nothing new is taken, but not where nothing counts.

import { memoryStore } from '@vauban/core';
import { verifyReceipt } from '@vauban/ledger';
import { readBulkReply } from '@vauban/wire';
import { expect, test } from 'vitest';
import { daemonOf, publicOf, sampleCharter, seedOf } from '../../ledger/test/sample-charter.ts';
import { delegationOf, VAULT } from '../../ledger/test/samples.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import { FragmentsService } from '../src/fragments-service.ts';
import { createMarker } from '../src/marker.ts';
import { OwnStanding, readOnlyFault } from '../src/own-standing.ts';
import { Receipts } from '../src/receipts.ts';
import { drawSegment } from './erase-segments.ts';
import { clock, crypto, Machine, seededRandom } from './fragment-setup.ts';
import { pipe } from './pipe.ts';

const id = daemonOf('h1');
const session = { role: 'device', delegation: delegationOf('laptop') } as never;

/** A daemon that holds fragment 0 of a segment, unplaced. */
async function bench() {
  const charter = sampleCharter(4);
  const machine = new Machine();
  await createMarker(machine.files, id);
  const { files, index } = machine;
  const store = await FragmentStore.open({
    files,
    index,
    crypto,
    clock,
    random: seededRandom(7),
    daemon: id,
  });
  const { data, ...descriptor } = drawSegment(1);
  const { segment, roots } = descriptor;
  const [root, bytes] = [roots[0] as Uint8Array, data[0] as Uint8Array];
  const upload = { segment, index: 0, root, bytes: bytes.length, agency: 'metz', vault: VAULT };
  const writer = await store.begin(upload);
  if (writer.already) throw new Error('the disk is empty');
  await writer.write(bytes);
  await writer.commit();
  const standing = await OwnStanding.open({ files, clock, awayMaxMs: () => 1e9, log: () => undefined }, true);
  await standing.readmitted();
  store.obey(standing);
  const ports = { crypto, daemon: id, receiptSeed: seedOf('receipt h1'), charter: () => charter };
  const it = { lost: false, standing, charter, upload };
  const service = new FragmentsService({
    store,
    crypto,
    receipts: await Receipts.open({ ...ports, store: memoryStore() }, 0),
    charter: () => charter,
    foreground: { touch: () => undefined },
    vouchRefusal: () => (it.lost ? readOnlyFault('site-lost') : undefined),
  });
  const { segment: _, ...asked } = descriptor;
  const put = async (nth: number) => {
    const { near, far } = pipe();
    await service.put(session, { bulk: 'put', segment: asked, index: nth } as never, far);
    return readBulkReply(near);
  };
  return { ...it, it, put, receipt: () => service.receipt(session, asked, 0) };
}

test('a read-only daemon takes nothing new, and goes on vouching for what it holds', async () => {
  const { standing, put, receipt, charter, upload } = await bench();
  await standing.setReadOnly('away');
  await expect(put(1)).rejects.toMatchObject({ code: 'READ_ONLY' });
  const given = await receipt();
  const claim = { ...upload, charterName: charter.name, daemon: id, generation: given.generation };
  const signed = { signature: given.receipt, receiptKey: publicOf('receipt h1') };
  expect(verifyReceipt(crypto, claim, signed)).toBe(true);
  expect(await put(0)).toMatchObject({ reply: 'receipt', receipt: given.receipt });
});

test('one whose site is declared lost vouches for nothing: what lies there counts for nobody', async () => {
  const { it, standing, put, receipt } = await bench();
  it.lost = true;
  await standing.setReadOnly('site-lost');
  const refused = { kind: 'refused', code: 'READ_ONLY', facts: { class: 'later', reason: 'site-lost' } };
  await expect(receipt()).rejects.toMatchObject(refused);
  await expect(put(0)).rejects.toMatchObject(refused);
  it.lost = false;
  await standing.readmitted();
  await expect(receipt()).resolves.toMatchObject({ generation: 0 });
});
