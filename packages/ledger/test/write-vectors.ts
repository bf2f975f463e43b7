// Writes vectors/ledger.json anew: `node packages/ledger/test/write-vectors.ts`. Only for a new format version: the
// vectors of a released one never change.

import { writeFileSync } from 'node:fs';
import { ledgerVectors } from './ledger-vectors.ts';

const text = JSON.stringify(ledgerVectors(), null, 2);
writeFileSync(new URL('../vectors/ledger.json', import.meta.url), `${text}\n`);
