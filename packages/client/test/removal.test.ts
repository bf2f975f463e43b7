// Deleting and undoing over real admission: what is given up is exactly what nobody needs, and what was given up comes
// back until hosters may erase it.

import { type Clock, Fault } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import type { Place } from '@vauban/ledger';
import { encodeObjectsIndex, sealedBytes, sealFrames, segmentKey } from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { isReleased } from '../src/claims.ts';
import { undelete, undoable } from '../src/removal.ts';
import type { SegmentSource } from '../src/segment-source.ts';
import { Archive, DAY_MS, type Device, VAULT } from './archive.ts';

let archive: Archive;
let laptop: Device;
beforeEach(async () => {
  archive = await Archive.open();
  laptop = archive.device('laptop');
});

const released = (device: Device, { segment }: Place) =>
  device.door.within(({ logs }) => isReleased(logs, { vault: VAULT, segment }));
const purge = (generation: number, ...places: readonly Place[]) => ({
  kind: 'purge' as const,
  segments: places.map(({ segment }) => segment),
  payloads: [],
  generation,
});

describe('deleting', () => {
  it('gives up the claims on what it deletes, in the same append', async () => {
    const [one, other] = [archive.place('one'), archive.place('other')];
    await laptop.put([laptop.large('plans/a', one, other)], one, other);
    await archive.pass(DAY_MS);
    const removed = await laptop.remove('plans');
    expect(removed.objects.map(({ write }) => write.path)).toEqual(['plans/a']);
    expect(removed).toMatchObject({ claims: 2, retainedUntil: null, mayRelease: true });
    expect(removed.undoUntil).toBe(archive.clock.now() + archive.graceMs);
    expect(laptop.paths).toEqual([]);
    expect(await laptop.entries()).toEqual(['place', 'place', 'objects', 'objects', 'release']);
    expect(await released(laptop, one)).toBe(true);
    // What is given up is not looked for again.
    expect(await laptop.tidy()).toMatchObject({ claims: 0, retainedUntil: null });
    expect(await laptop.entries()).toHaveLength(5);
  });

  it('gives a pack up with the last object in it', async () => {
    const pack = archive.place('pack');
    await laptop.put([laptop.packed('a', pack), laptop.packed('b', pack, 21)], pack);
    await archive.pass(DAY_MS);
    expect(await laptop.remove('a')).toMatchObject({ claims: 0 });
    expect(await released(laptop, pack)).toBe(false);
    expect(await laptop.remove('b')).toMatchObject({ claims: 1 });
    expect(await released(laptop, pack)).toBe(true);
  });

  it('keeps what replaced versions need, and gives it up with the path', async () => {
    const [first, second] = [archive.place('first'), archive.place('second')];
    await laptop.put([laptop.large('a', first)], first);
    await laptop.put([laptop.large('a', second)], second);
    await archive.pass(DAY_MS);
    expect(await laptop.tidy()).toMatchObject({ claims: 0 });
    expect(await laptop.remove('a')).toMatchObject({ claims: 2 });
    expect(await released(laptop, first)).toBe(true);
  });

  it('hides what a policy retains, says until when, and gives it up later', async () => {
    const [short, long] = [archive.place('short'), archive.place('long', 30 * DAY_MS)];
    await laptop.put([laptop.large('short', short), laptop.large('long', long)], short, long);
    const until = archive.clock.now() + 30 * DAY_MS;
    await archive.pass(DAY_MS);
    expect(await laptop.remove('long')).toMatchObject({ claims: 0, retainedUntil: until + 5_000 });
    expect(laptop.paths).toEqual(['short']);
    expect(await laptop.remove('short')).toMatchObject({ claims: 1, retainedUntil: until + 5_000 });
    await archive.pass(30 * DAY_MS);
    // Somebody else's machine does it as well: it is in the logs alone.
    const desktop = archive.device('desktop');
    await desktop.follow();
    expect(await desktop.tidy()).toMatchObject({ claims: 1, retainedUntil: null });
    await laptop.follow();
    expect(await released(laptop, long)).toBe(true);
    expect(await laptop.tidy()).toMatchObject({ claims: 0 });
  });

  it('only hides where this device has no right to give up claims', async () => {
    const place = archive.place('one');
    const clerk = archive.device('clerk', ['write']);
    await clerk.put([clerk.large('a', place)], place);
    await archive.pass(DAY_MS);
    expect(await clerk.remove('a')).toMatchObject({ claims: 0, mayRelease: false });
    expect(clerk.paths).toEqual([]);
    await laptop.follow();
    expect(await laptop.tidy()).toMatchObject({ claims: 1 });
  });

  it('leaves alone what another device writes at the same time', async () => {
    const [mine, theirs] = [archive.place('mine'), archive.place('theirs')];
    const desktop = archive.device('desktop');
    await laptop.put([laptop.large('a', mine)], mine);
    await desktop.put([desktop.large('a', theirs)], theirs);
    await archive.pass(DAY_MS);
    expect(await laptop.remove('a')).toMatchObject({ claims: 1 });
    await laptop.follow();
    expect(laptop.paths).toEqual(['a']);
    expect(await released(laptop, theirs)).toBe(false);
  });

  it('gives up thousands of claims in as many appends as it takes', async () => {
    const places = Array.from({ length: 900 }, (_, nth) => archive.place(`part ${nth}`));
    await laptop.put([laptop.large('huge', ...places)], ...places);
    await archive.pass(DAY_MS);
    expect(await laptop.remove('huge')).toMatchObject({ claims: 900 });
    expect((await laptop.entries()).filter((one) => one === 'release')).toHaveLength(3);
  });
});

describe('undoing', () => {
  it('brings back what was deleted last, and keeps it', async () => {
    const [first, second] = [archive.place('first'), archive.place('second')];
    await laptop.put([laptop.large('a', first)], first);
    await laptop.put([laptop.large('a', second)], second);
    await archive.pass(DAY_MS);
    const deletedAt = archive.clock.now();
    await laptop.remove('a');
    await archive.pass(DAY_MS);
    const listed = undoable(laptop.removal, '');
    expect(listed.map(({ version, until }) => [version.write.path, until])).toEqual([
      ['a', deletedAt + archive.graceMs],
    ]);
    const [back] = await laptop.undelete('a');
    expect(back?.version.write.content?.in).toEqual({ segments: [{ id: second.segment, bytes: 5 }] });
    const now = laptop.namespace.catalog.get('a')?.write;
    expect(now).toMatchObject({ size: 5, content: back?.version.write.content });
    expect(undoable(laptop.removal, '')).toEqual([]);
    // Kept: nobody may erase it any more; what it replaced is given up.
    await archive.pass(archive.graceMs);
    await expect(archive.daemonWrites('h1', purge(1, second))).rejects.toMatchObject({ code: 'CLAIM_HELD' });
    await archive.daemonWrites('h2', purge(1, first));
    // And deleted again, with the claim that brought it back.
    expect(await laptop.remove('a')).toMatchObject({ claims: 1 });
    expect(await released(laptop, second)).toBe(true);
  });

  it('brings a tree back, each pack claimed once, though an index described it', async () => {
    const pack = archive.place('pack');
    const inPack = [
      laptop.packed('d/a', pack),
      laptop.packed('d/e/b', pack, 21),
      laptop.packed('c', pack, 42),
    ];
    await laptop.put(inPack, pack);
    await archive.pass(DAY_MS);
    await laptop.remove('d');
    await laptop.remove('c');
    const back = await laptop.undelete('d');
    expect(back.map(({ version }) => version.write.path).sort()).toEqual(['d/a', 'd/e/b']);
    expect(laptop.paths).toEqual(['d/a', 'd/e/b']);
    expect((await laptop.entries()).filter((one) => one === 'keep')).toHaveLength(1);
    expect(await released(laptop, pack)).toBe(false);
  });

  it('holds against a deletion elsewhere that did not know of it', async () => {
    const pack = archive.place('pack');
    await laptop.put([laptop.packed('a', pack), laptop.packed('b', pack, 21)], pack);
    await archive.pass(DAY_MS);
    const desktop = archive.device('desktop');
    await laptop.remove('a');
    await desktop.follow();
    await laptop.undelete('a');
    // To the desktop, b was the last one in the pack.
    expect(await desktop.remove('b')).toMatchObject({ claims: 1 });
    await laptop.follow();
    expect(laptop.paths).toEqual(['a']);
    expect(await released(laptop, pack)).toBe(false);
  });

  it('is over when the grace is, and when hosters have erased', async () => {
    const [one, other] = [archive.place('one'), archive.place('other')];
    await laptop.put([laptop.large('a', one), laptop.large('b', other)], one, other);
    await archive.pass(DAY_MS);
    const deletedAt = archive.clock.now();
    await laptop.remove('a');
    await expect(laptop.undelete('b')).rejects.toMatchObject({ kind: 'refused', code: 'NOT_DELETED' });
    await expect(laptop.undelete('c')).rejects.toMatchObject({ code: 'NOT_DELETED' });
    await archive.pass(archive.graceMs + 1);
    const until = deletedAt + archive.graceMs;
    await expect(laptop.undelete('a')).rejects.toMatchObject({
      kind: 'refused',
      code: 'UNDO_OVER',
      facts: { deletedAt, until },
    });
    expect(undoable(laptop.removal, '')).toEqual([]);
    // A clock that is behind does not bring back what is being erased.
    await archive.daemonWrites('h1', purge(1, one));
    const clock = { now: () => deletedAt } as unknown as Clock;
    const behind = { ...laptop.removal, clock };
    await expect(archive.run(undelete(behind, 'a'))).rejects.toMatchObject({ code: 'UNDO_OVER' });
    expect(laptop.paths).toEqual(['b']);
  });
});

describe('a machine that comes later', () => {
  const missing = {
    content: async () => {
      throw new Fault('missing-fragments', 'FRAGMENTS_MISSING', 'erased');
    },
  } as unknown as SegmentSource;

  it('does without the index of a pack that was given up, and nothing in it comes alive', async () => {
    const [old, pack] = [archive.place('old'), archive.place('pack')];
    const first = laptop.large('a', old);
    await laptop.put([first], old);
    const second = { ...laptop.packed('a', pack), parents: [first.version] };
    await writtenAsIndex(laptop, [second], pack);
    await laptop.follow();
    expect(laptop.namespace.catalog.get('a')?.write.version).toEqual(second.version);
    await archive.pass(DAY_MS);

    const early = archive.device('early');
    const before = early.namespaceOver(missing);
    await expect(early.follow(before)).rejects.toMatchObject({ code: 'FRAGMENTS_MISSING' });

    expect(await laptop.remove('a')).toMatchObject({ claims: 2 });
    const late = archive.device('late');
    const after = late.namespaceOver(missing);
    await late.follow(after);
    expect(after.catalog.below('')).toEqual([]);
  });
});

/** The changes in an index that lies in a pack, as a put of many small files writes them; its ciphertext at hand here. */
async function writtenAsIndex(
  device: Device,
  changes: Parameters<Device['put']>[0],
  pack: Place,
): Promise<void> {
  const plain = encodeObjectsIndex(
    changes.map((one) => ({
      ...one,
      ...(one.content && { content: { ...one.content, in: { pack: null, offset: 0, length: 21 } } }),
    })),
  );
  const [content, key] = [random.bytes(16), random.bytes(32)];
  const sealed = new Uint8Array(sealedBytes(plain.length));
  sealFrames(crypto, segmentKey(key, { content, segment: 0 }), plain, sealed);
  const place = { pack: pack.segment, offset: 21, length: sealed.length };
  const pointer = { content, key, size: plain.length, in: place };
  await device.archive.run(
    device.committer.commit({ places: [pack], changes: [], index: { pointer, sealed } }),
  );
}
