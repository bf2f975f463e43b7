// A liar: starts from an old copy of its database and vote history, with the keys it had then.

import { type Files, type Store, utf8 } from '@vauban/core';
import type { Liar, LiarSetting, MachinePorts } from '../liar.ts';
import { memory } from './chance.ts';

/** When the copy is made, after the first start. */
const COPIED_AFTER_MS = 6_000;
const VOTES_BYTES_MAX = 16_777_216;

interface Copy {
  rows: readonly (readonly [Uint8Array, Uint8Array])[];
  votes: ReadonlyMap<string, Uint8Array>;
}

export const rolledBackDisk: Liar = {
  name: 'rolled-back-disk',
  losesData: true,
  wrap(ports, setting) {
    const kept = memory<{ copy: Copy | undefined }>(setting, 'copy of the disk', () => ({ copy: undefined }));
    const { copy } = kept;
    if (copy === undefined) {
      setting.clock.after(COPIED_AFTER_MS, () => {
        void copied(ports).then((made) => {
          kept.copy ??= made;
        });
      });
      return ports;
    }
    return rolledBack(ports, setting, copy);
  },
};

async function copied({ store, files }: MachinePorts): Promise<Copy> {
  const rows: (readonly [Uint8Array, Uint8Array])[] = [];
  for await (const row of store.range({})) rows.push(row);
  const votes = new Map<string, Uint8Array>();
  for (const name of (await files.list('')).filter((one) => one.startsWith('votes'))) {
    const bytes = await files.readAll(name, VOTES_BYTES_MAX);
    if (bytes !== undefined) votes.set(name, bytes);
  }
  return { rows, votes };
}

/** Nothing is read or written before everything is as it was. */
function rolledBack(ports: MachinePorts, setting: LiarSetting, copy: Copy): MachinePorts {
  const { store, files } = ports;
  let done: Promise<void> | undefined;
  const ready = () => {
    done ??= put(ports, copy).then(() => setting.did('starts from an old copy'));
    return done;
  };
  const old: Store = {
    get: (key) => ready().then(() => store.get(key)),
    batch: (operations, options) => ready().then(() => store.batch(operations, options)),
    async *range(range) {
      await ready();
      yield* store.range(range);
    },
    close: () => store.close(),
  };
  const oldFiles: Files = {
    ...files,
    append: (path) => ready().then(() => files.append(path)),
    readAll: (path, bytesMax) => ready().then(() => files.readAll(path, bytesMax)),
    list: (path) => ready().then(() => files.list(path)),
    stat: (path) => ready().then(() => files.stat(path)),
  };
  return { ...ports, store: old, files: oldFiles };
}

async function put({ store, files }: MachinePorts, { rows, votes }: Copy): Promise<void> {
  const gone: { readonly del: Uint8Array }[] = [];
  // The charter is public: a hoster that forgot the newest version asks for it again.
  for await (const [key] of store.range({ gte: utf8('') })) gone.push({ del: key });
  const back = rows.map(([key, value]) => ({ put: key, value }));
  await store.batch([...gone, ...back], { sync: true });
  for (const [name, bytes] of votes) {
    await files.remove(name);
    const file = await files.create(name);
    await file.write(bytes);
    await file.sync();
    await file.close();
  }
  await files.syncDirectory('');
}
