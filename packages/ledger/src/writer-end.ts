// What a writer notes beside its own log: how far it signed, and that its key signs nothing more, and why. An older copy
// that is put back may lack it: then the heads that hosters show say the same again.

import {
  concat,
  decodeCbor,
  encodeCbor,
  Fault,
  shape,
  type Store,
  type StoreOperation,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import type { LogStore } from './log-store.ts';

const endSchema = v.strictObject({
  format: v.literal('vauban/writer-end/0'),
  kind: v.picklist(['integrity', 'refused']),
  code: v.picklist(['WRITER_STATE_LOST', 'LOG_SEALED']),
  message: shape.text(2_000),
});

function endKey(origin: string): Uint8Array {
  return concat(utf8('X/'), utf8(origin));
}

/** Why the key of this log must not sign, when it must not. */
export async function writerEnd(store: Store, origin: string): Promise<Fault | undefined> {
  const row = await store.get(endKey(origin));
  if (row === undefined) return undefined;
  const { kind, code, message } = decodeCbor(endSchema, row, 'end of a writer', 4_096);
  return new Fault(kind, code, message, { origin });
}

export async function endWriter(
  logs: LogStore,
  origin: string,
  { kind, code, message }: Fault,
): Promise<void> {
  const row = encodeCbor({ format: 'vauban/writer-end/0', kind, code, message: message.slice(0, 2_000) });
  await logs.write([{ put: endKey(origin), value: row }]);
}

function signedKey(origin: string): Uint8Array {
  return concat(utf8('Y/'), utf8(origin));
}

/**
 * How far this store's own writer has signed. A log that is longer here was pulled: whoever wrote the rest, this machine
 * does not know what else it signed.
 */
export async function signedSize(store: Store, origin: string): Promise<number> {
  const row = await store.get(signedKey(origin));
  return row === undefined ? 0 : decodeCbor(shape.count(), row, 'signed size', 16);
}

export function signedRow(origin: string, size: number): StoreOperation {
  return { put: signedKey(origin), value: encodeCbor(size) };
}
