// Writes vectors/deletion-*.txt and .json anew: `node packages/ledger/test/write-deletion-vectors.ts`. Only for a new
// format version: the fixtures of a released one never change.

import { writeFileSync } from 'node:fs';
import { utf8 } from '@vauban/core';
import { checkDeletion } from '../src/index.ts';
import { storedDeletions } from './deletion-stories.ts';
import { crypto } from './sample-charter.ts';

for (const { name, story } of storedDeletions) {
  const { proof, root } = await story();
  const statement = await checkDeletion(crypto, utf8(proof), root);
  const at = (ending: string) => new URL(`../vectors/${name}.${ending}`, import.meta.url);
  writeFileSync(at('txt'), proof);
  writeFileSync(at('json'), `${JSON.stringify({ root, statement }, null, 2)}\n`);
}
