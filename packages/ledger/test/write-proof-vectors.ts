// Writes vectors/proof-*.txt and .json anew: `node packages/ledger/test/write-proof-vectors.ts`. Only for a new format
// version: the fixtures of a released one never change.

import { writeFileSync } from 'node:fs';
import { utf8 } from '@vauban/core';
import { checkProof } from '../src/index.ts';
import { storedProofs } from './proof-fixtures.ts';
import { crypto } from './sample-charter.ts';

for (const { name, story } of storedProofs) {
  const { proof, root } = await story();
  const statement = await checkProof(crypto, utf8(proof), root);
  const at = (ending: string) => new URL(`../vectors/${name}.${ending}`, import.meta.url);
  writeFileSync(at('txt'), proof);
  writeFileSync(at('json'), `${JSON.stringify({ root, statement }, null, 2)}\n`);
}
