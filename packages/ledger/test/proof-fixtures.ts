// Proofs as they lie in vectors/, with the stories they were written from.

import { readFileSync } from 'node:fs';
import type { ProofStatement } from '../src/index.ts';
import { justPut, type Story, takenOver, yearOfChanges } from './proof-stories.ts';

export const storedProofs: readonly { readonly name: string; readonly story: () => Promise<Story> }[] = [
  { name: 'proof-just-put', story: () => justPut() },
  { name: 'proof-year-of-changes', story: yearOfChanges },
  { name: 'proof-taken-over', story: takenOver },
];

export function storedProof(name: string): {
  readonly file: Uint8Array;
  readonly root: string;
  readonly statement: ProofStatement;
} {
  const at = (ending: string) => new URL(`../vectors/${name}.${ending}`, import.meta.url);
  return {
    file: new Uint8Array(readFileSync(at('txt'))),
    ...(JSON.parse(readFileSync(at('json'), 'utf8')) as { root: string; statement: ProofStatement }),
  };
}
