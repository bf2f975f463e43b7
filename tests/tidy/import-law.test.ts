// The import law and the ban list, held against the sources, and against samples that break them.

import { describe, expect, it } from 'vitest';
import { banFindings } from './ban-list.ts';
import { importFindings, LAW } from './import-law.ts';
import { inWords } from './places.ts';
import { sourceFile } from './source-text.ts';
import { readTree } from './source-tree.ts';

const tree = readTree();

describe('the sources', () => {
  it('keep the import law', () => {
    expect(tree.files.flatMap(importFindings).map(inWords)).toEqual([]);
  });

  it('touch the world only in adapters', () => {
    expect(tree.files.flatMap(banFindings).map(inWords)).toEqual([]);
  });

  it('have a row in the law for every package', () => {
    expect(tree.packages.map(({ folder }) => folder).filter((folder) => !(folder in LAW))).toEqual([]);
  });
});

const imports = (path: string, text: string) =>
  importFindings(sourceFile(path, text)).map((finding) => finding.message);
const bans = (path: string, text: string) =>
  banFindings(sourceFile(path, text)).map((finding) => finding.message);

describe('the import law', () => {
  it.each([
    ['packages/seal/src/a.ts', `import { Fault } from '@vauban/core';`],
    ['packages/ledger/src/a.ts', `import type { Rule } from '@vauban/placement';`],
    ['packages/cli/src/a.ts', `import { nodeClock } from '@vauban/core/node';`],
    ['packages/fleet/src/adapters/a.ts', `import { dial } from '@vauban/wire/libp2p';`],
    ['packages/seal/test/a.test.ts', `import { nodeCrypto } from '@vauban/core/node';`],
    ['packages/wire/src/adapters/libp2p.ts', `import { createLibp2p } from 'libp2p';`],
    ['packages/core/node/level-store.ts', `import { Level } from 'level'; import { open } from 'node:fs';`],
    ['packages/seal/src/a.ts', `import { b } from './b.ts'; export * from './c/d.ts';`],
    ['packages/daemon/src/index.ts', `export * from './adapters/disk.ts';`],
    ['packages/seal/src/a.ts', `const text = "import x from '@vauban/ledger'"; // import '@vauban/ledger'`],
    ['tests/a.test.ts', `import { x } from '@vauban/world'; import 'node:fs';`],
  ])('lets %s say %s', (path, text) => {
    expect(imports(path, text)).toEqual([]);
  });

  it.each([
    [
      'packages/core/src/a.ts',
      `import { x } from '@vauban/seal';`,
      'core may not import seal; it may import: nothing of ours',
    ],
    ['packages/seal/src/a.ts', `import type { Entry } from '@vauban/ledger';`, 'seal may not import ledger'],
    ['packages/seal/src/a.ts', `type E = import('@vauban/ledger').Entry;`, 'seal may not import ledger'],
    ['packages/seal/src/a.ts', `export * from "@vauban/ledger";`, 'seal may not import ledger'],
    [
      'packages/seal/src/a.ts',
      `export type {\n  Entry,\n} from '@vauban/ledger';`,
      'seal may not import ledger',
    ],
    ['packages/seal/src/a.ts', 'await import(`@vauban/ledger`);', 'seal may not import ledger'],
    ['packages/seal/test/a.test.ts', `import { x } from '@vauban/ledger';`, 'seal may not import ledger'],
    ['packages/cli/src/a.ts', `import { x } from '@vauban/world';`, 'cli may not import world'],
    ['packages/drivel/src/a.ts', `import { x } from '@vauban/core';`, 'drivel has no row in the import law'],
    [
      'packages/client/src/a.ts',
      `import { x } from '@vauban/core/node';`,
      'only adapters, the cli and tests may',
    ],
    [
      'packages/fleet/src/a.ts',
      `import { x } from '@vauban/wire/libp2p';`,
      'only adapters, the cli and tests may',
    ],
    [
      'packages/client/src/a.ts',
      `import { x } from '@vauban/core/src/bytes.ts';`,
      'the only door is @vauban/core',
    ],
    ['tests/a.test.ts', `import { x } from '@vauban/core/src/bytes.ts';`, 'the only door is @vauban/core'],
    ['packages/seal/src/a.ts', `import { x } from '../../core/src/bytes.ts';`, 'reaches into core by path'],
    [
      'packages/ledger/test/a.ts',
      `import { x } from '../../client/test/a.ts';`,
      'ledger may not import client',
    ],
    [
      'packages/client/src/a.ts',
      `import { x } from '../../ledger/test/a.ts';`,
      'reaches into ledger by path',
    ],
    ['tests/a.test.ts', `import { x } from '../packages/core/src/bytes.ts';`, 'reaches into core by path'],
    [
      'packages/seal/src/a.ts',
      `import { x } from '../../../tests/tidy/places.ts';`,
      'leaves its package by path',
    ],
    ['packages/seal/src/a.ts', `import { x } from '../test/vectors.ts';`, 'which is not shipped'],
    ['packages/core/src/index.ts', `export * from '../node/index.ts';`, 'imports the adapter'],
    ['packages/daemon/src/serve.ts', `import { disk } from './adapters/disk.ts';`, 'imports the adapter'],
    ['packages/seal/src/a.ts', `import { x } from '@vauban/seal';`, 'imports its own package by name'],
    ['packages/seal/src/a.ts', `import { x } from 'node:crypto';`, 'imports node:crypto: only adapters may'],
    ['packages/seal/src/a.ts', `import fs from 'fs/promises';`, 'imports fs/promises: only adapters may'],
    [
      'packages/daemon/src/a.ts',
      `import type { Libp2p } from '@libp2p/interface';`,
      "only wire's adapters may",
    ],
    ['packages/ledger/src/a.ts', `import { Level } from 'level';`, "only core's Node adapters may"],
  ])('forbids %s to say %s', (path, text, message) => {
    expect(imports(path, text)).toEqual([expect.stringContaining(message)]);
  });
});

describe('the ban list', () => {
  it.each([
    ['const now = Date.now();', 'Date.now'],
    ['const now = new Date();', 'new Date without an argument'],
    ['const now = new Date;', 'new Date without an argument'],
    ['const now = Date();', 'Date()'],
    ['const now = performance.now();', 'performance'],
    ['setTimeout(wake, 5);', 'a timer'],
    ['setInterval(wake, 5);', 'a timer'],
    ['setImmediate(wake);', 'a timer'],
    ['fetchAll(AbortSignal.timeout(5));', 'AbortSignal.timeout'],
    ['const dice = Math.random();', 'Math.random'],
    ['await crypto.subtle.digest(a, b);', 'the global crypto'],
    ['crypto.getRandomValues(bytes);', 'the global crypto'],
    ['const { crypto } = globalThis;', 'globalThis'],
    ['const home = process.env.HOME;', 'process'],
    ['const { env } = process;', 'process'],
    ['const reply = await fetch(url);', 'fetch'],
    ['const reply = a ? await fetch(url) : b;\nconst c = fetch(url);', 'fetch'],
    ['const part = await import(name);', 'import of a computed name'],
    ['const socket = new WebSocket(url);', 'a network or thread global'],
    ['const text = `${Date.now()}`;', 'Date.now'],
  ])('finds %s', (text, message) => {
    const found = bans('packages/client/src/a.ts', text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(
      bans('packages/client/src/adapters/a.ts', text).filter((each) => !each.includes('only the cli')),
    ).toEqual([]);
    expect(bans('packages/client/test/a.test.ts', text)).toEqual([]);
  });

  it.each([
    'const day = new Date(timeMs);',
    'const now = clock.now(); // not Date.now()',
    "const words = 'Date.now() and Math.random()';",
    'const text = `setTimeout(${name})`;',
    'const pattern = /process.env|fetch\\(/;',
    'const facts = { performance: 3, process: 4 };',
    'class Holder {\n  async fetch(id: string) {\n    return id;\n  }\n}',
    'interface Holder {\n  fetch(id: (a: string) => string): Promise<string>;\n}',
    'await holder.fetch(id);',
    'clock.setTimeout(wake);',
    'const bytes = ports.crypto.seal(key);',
    "const { seal } = await import('./seal.ts');",
  ])('leaves %s alone', (text) => {
    expect(bans('packages/client/src/a.ts', text)).toEqual([]);
  });

  it('keeps arguments and environment for the cli', () => {
    const text = 'const home = process.env.HOME ?? process.argv[2];';
    expect(bans('packages/core/node/a.ts', text)).toHaveLength(2);
    expect(bans('packages/fleet/src/adapters/a.ts', text)).toHaveLength(2);
    expect(bans('packages/cli/src/a.ts', text)).toEqual([]);
    expect(bans('scripts/a.ts', text)).toEqual([]);
  });
});
