// Buffers that live for one message. Each is a small object over large outside memory, which the engine counts against
// its heap: it answered with a collection of the whole heap every 6 MB received, 3 seconds of processor time in each of
// nine daemons for an upload of 770 MB. Two measures end that: the young generation, where all these buffers die, is
// collected by hand (half a millisecond), and the heap may grow to two and a half times what is alive before the
// whole of it is looked at.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Message bytes between two collections: few enough that memory stays flat, many enough that they cost nothing. */
const EVERY_BYTES = 8 << 20;
/** Room enough that the young generation's turn comes first. */
const HEAP_GROWING_PERCENT = 150;

type Collect = (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

let collect: Collect | undefined;
let since = 0;

/** Counts the bytes of a message that was just encrypted or decrypted. */
export function passed(bytes: number): void {
  since += bytes;
  if (since < EVERY_BYTES) return;
  since = 0;
  collect ??= prepare();
  collect({ type: 'minor', execution: 'sync' });
}

function prepare(): Collect {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
