// The WebAssembly kept in the repository is what the source beside it compiles to.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildKernels } from '../assembly/build.ts';

test('building the kernels again gives the same bytes', async () => {
  const kept = readFileSync(new URL('../src/kernel-wasm.ts', import.meta.url), 'utf8');
  expect((await buildKernels()) === kept, 'run: node packages/erasure/assembly/build.ts').toBe(true);
});
