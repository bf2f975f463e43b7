// Each byte of each fixture, changed to another: none of the files checks.

import { Fault } from '@vauban/core';
import { expect, test } from 'vitest';
import { checkProof } from '../src/index.ts';
import { storedProof, storedProofs } from './proof-fixtures.ts';
import { crypto } from './sample-charter.ts';

/** Bytes in one test, so that each ends within its time on a busy machine. */
const SLICE = 4_000;

const slices = storedProofs.flatMap(({ name }) => {
  const { length } = storedProof(name).file;
  return Array.from({ length: Math.ceil(length / SLICE) }, (_, nth) => ({ name, from: nth * SLICE }));
});

test.each(slices)('$name is refused with any one byte changed from $from on', async ({ name, from }) => {
  const { file, root } = storedProof(name);
  const accepted: string[] = [];
  for (let at = from; at < Math.min(file.length, from + SLICE); at++) {
    const changed = file.slice();
    // The lowest bit: a letter or digit becomes its neighbour, and the file stays text.
    changed[at] = (changed[at] as number) ^ 1;
    const verdict = await checkProof(crypto, changed, root).then(
      () => 'accepted',
      (error: unknown) => (error instanceof Fault ? error.kind : String(error)),
    );
    if (verdict !== 'integrity') accepted.push(`byte ${at}: ${verdict}`);
  }
  expect(accepted).toEqual([]);
});
