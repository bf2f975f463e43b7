// The house rules and the package manifests, held against the sources, and against samples that break them.

import { describe, expect, it } from 'vitest';
import { houseFindings } from './house-rules.ts';
import { manifestFindings, packageFindings } from './manifest-rules.ts';
import { inWords } from './places.ts';
import { importsOf, sourceFile } from './source-text.ts';
import { readTree } from './source-tree.ts';

const tree = readTree();

describe('the sources', () => {
  it('keep the house rules', () => {
    expect(tree.files.flatMap(houseFindings).map(inWords)).toEqual([]);
  });

  it('have truthful manifests', () => {
    expect(manifestFindings(tree).map(inWords)).toEqual([]);
  });

  it('are found at all', () => {
    const paths = tree.files.map((file) => file.path);
    expect(paths).toContain('packages/core/src/index.ts');
    expect(paths).toContain('packages/cli/bin/vauban.js');
    expect(paths).toContain('tests/tidy/tidy.test.ts');
  });
});

const house = (path: string, text: string) =>
  houseFindings(sourceFile(path, text)).map((finding) => finding.message);
const HEADER = '// Owns a sample.\n';

describe('the house rules', () => {
  it('ask a long file for its reason', () => {
    const body = 'const a = 1;\n'.repeat(400);
    expect(house('packages/core/src/a.ts', HEADER + body)).toEqual([expect.stringContaining('401 lines')]);
    expect(house('packages/core/src/a.ts', `${HEADER}// Long: one table.\n${body}`)).toEqual([]);
    expect(house('packages/core/src/a.ts', `${HEADER}${body}// Long: too late.\n`)).toHaveLength(1);
    expect(house('packages/core/src/a.ts', HEADER + body.slice('const a = 1;\n'.length))).toEqual([]);
  });

  it.each([
    'packages/core/src/aB.ts',
    'packages/core/src/a_b.ts',
    'packages/core/src/Ports/a.ts',
    'tests/a.spec.b.ts',
  ])('refuse the path %s', (path) => {
    expect(house(path, HEADER)).toEqual(['the path is not in kebab-case']);
  });

  it.each([
    'packages/core/src/utils.ts',
    'packages/core/src/byte-helpers.ts',
    'packages/core/src/types/a.ts',
    'tests/common.ts',
  ])('refuse the empty name %s', (path) => {
    expect(house(path, HEADER)).toEqual([expect.stringContaining('says nothing')]);
  });

  it.each([
    'packages/core/src/file-types-table.ts',
    'packages/core/test/a-b.property.test.ts',
    'packages/erasure/bench/a.bench.ts',
  ])('accept the path %s', (path) => {
    expect(house(path, HEADER)).toEqual([]);
  });

  it('ask for a header, after a shebang if there is one', () => {
    expect(house('packages/core/src/a.ts', 'export const a = 1;\n')).toEqual([
      expect.stringContaining('no header'),
    ]);
    expect(house('packages/cli/bin/a.js', `#!/usr/bin/env node\n${HEADER}`)).toEqual([]);
    expect(house('packages/cli/bin/a.js', '#!/usr/bin/env node\nrun();\n')).toHaveLength(1);
  });

  it.each([
    'const chunk = 1;',
    'const lastChunk = 1;',
    'const CHUNK_BYTES = 1;',
    'class ReplicaSet {}',
    'let pieces;',
    '// A backup.',
    '/* Two Replicas. */',
  ])('refuse the word in %s', (line) => {
    expect(house('packages/core/src/a.ts', `${HEADER}${line}\n`)).toEqual([
      expect.stringContaining('not a word of this house'),
    ]);
  });

  it.each([
    "const said = 'chunk';",
    'const subChunkBytes = SUB_CHUNKS_MAX + noSubChunk; // A sub-chunk of a cell.',
    '// One piece of code.',
    'let masterpiece = 1;',
    'stream.on(x, (chunk) => y); // Their word: streams say so.',
    '// Their word: streams say chunk.\nlet chunk;',
  ])('accept %s', (line) => {
    expect(house('packages/core/src/a.ts', `${HEADER}${line}\n`)).toEqual([]);
  });

  it.each([
    'it.only("a", b);',
    'describe.skip("a", b);',
    'test.todo("a");',
    'it.concurrent.only("a", b);',
    'it\n  .skip("a", b);',
  ])('refuse the unrun test %s', (line) => {
    expect(house('packages/core/test/a.test.ts', line)).toEqual([expect.stringContaining('every test runs')]);
  });

  it('accept tests that run', () => {
    expect(house('packages/core/test/a.test.ts', `it.each([1])('it.only', skip); cursor.skip(1);`)).toEqual(
      [],
    );
  });
});

describe('the manifest rules', () => {
  const check = (manifest: object, sources: Readonly<Record<string, string>>) =>
    packageFindings(
      { folder: 'seal', manifest: { name: '@vauban/seal', ...manifest } },
      Object.entries(sources).map(([path, text]) => sourceFile(`packages/seal/${path}`, text)),
      { name: 'vauban', devDependencies: { vitest: '5.1.1' } },
    ).map((finding) => finding.message);

  it('accept a truthful manifest', () => {
    const sources = {
      'src/index.ts': `import { sha256 } from '@noble/hashes/sha2.js'; import type { Bytes } from '@vauban/core';`,
      'test/a.test.ts': `import { it } from 'vitest'; import { b } from '@vauban/seal'; import '@vauban/core/node';`,
    };
    expect(check({ dependencies: { '@noble/hashes': '2.4.0', '@vauban/core': '0.0.0' } }, sources)).toEqual(
      [],
    );
  });

  it.each<[string, object, Record<string, string>]>([
    ['@noble/hashes is imported but not listed', {}, { 'src/index.ts': `import '@noble/hashes/sha2.js';` }],
    ['level is listed under dependencies but', { dependencies: { level: '1.0.0' } }, { 'src/index.ts': '' }],
    [
      'level is listed under dependencies but',
      { dependencies: { level: '1.0.0' } },
      { 'src/index.ts': '', 'test/a.test.ts': `import 'level';` },
    ],
    [
      'fast-check is imported by tests but listed nowhere',
      {},
      { 'src/index.ts': '', 'test/a.test.ts': `import 'fast-check';` },
    ],
    ['level is not at one exact version', { devDependencies: { level: '^1.0.0' } }, { 'src/index.ts': '' }],
    ['no src/index.ts', {}, { 'src/main.ts': '' }],
    ['the name is not @vauban/seal', { name: 'seal' }, { 'src/index.ts': '' }],
    [
      'exports ./deep',
      { exports: { '.': './src/index.ts', './deep': './src/deep.ts' } },
      { 'src/index.ts': '' },
    ],
  ])('find that %s', (message, manifest, sources) => {
    expect(check(manifest, sources)).toEqual([expect.stringContaining(message)]);
  });
});

describe('the source scanner', () => {
  it.each([
    ['a // b', 'a     ', '  // b'],
    ['a /* b\nc */ d', 'a     \n     d', '  /* b\nc */  '],
    [`a = 'b\\'c' + d`, `a = '    ' + d`, ''],
    ['`a${b}c${`d${e}`}f`', '` ${b} ${` ${e}`} `', ''],
    ['`${{ a: 1 }}b`', '`${{ a: 1 }} `', ''],
    ['a = /[/"]\\//g.test(b)', 'a = /      /g.test(b)', ''],
    ['a / b / c', 'a / b / c', ''],
    ['return /"/;', 'return / /;', ''],
    [`'//' + a`, `'  ' + a`, ''],
  ])('splits %s', (text, code, comments) => {
    const file = sourceFile('a.ts', text);
    expect(file.code).toBe(code);
    expect(file.comments.trimEnd()).toBe(comments.trimEnd());
  });

  it('finds every kind of import, with its line', () => {
    const text = `import a from 'a';\nimport 'b';\nexport { c } from "c";\nlet d: import('d').D;\nimport.meta.resolve('e');\nArray.from('f');`;
    expect(importsOf(sourceFile('a.ts', text))).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((specifier, index) => ({ specifier, line: index + 1 })),
    );
  });
});
