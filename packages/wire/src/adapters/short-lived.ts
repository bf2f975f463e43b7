// Buffers that live for one message. Each is a small object over large outside memory: the engine sees that memory
// grow long before its young generation fills, and answers with collections of the whole heap, which were a quarter of
// a daemon's processor time under load. Collecting just the young generation now and then costs half a millisecond and
// frees them all.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Message bytes between two collections: few enough that memory stays flat, many enough that they cost nothing. */
const EVERY_BYTES = 8 << 20;

type Collect = (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

let collect: Collect | undefined;
let since = 0;

/** Counts the bytes of a message that was just encrypted or decrypted. */
export function passed(bytes: number): void {
  since += bytes;
  if (since < EVERY_BYTES) return;
  since = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor', execution: 'sync' });
}

function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
