// Each byte of each fixture, changed to another: none of the files checks.

import { Fault } from '@vauban/core';
import { expect, test } from 'vitest';
import { checkProof } from '../src/index.ts';
import { storedProof, storedProofs } from './proof-fixtures.ts';
import { crypto } from './sample-charter.ts';

test.each(storedProofs)('$name is refused with any one byte changed', async ({ name }) => {
  const { file, root } = storedProof(name);
  const accepted: string[] = [];
  for (let at = 0; at < file.length; at++) {
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
