// Which names a vault takes: everything a file system can hold, nothing that leads out of a directory.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { validateVaultPath } from '../src/index.ts';
import { faultOf } from './support.ts';

it.each([
  'a',
  'documents/2026/rapport final.odt',
  'état civil/naissances',
  'état'.normalize('NFD'),
  '...',
  '..a/.b/a..',
  '.hidden',
  ' ',
  'C:\\windows\\..\\system32',
  'con',
  'aux.txt',
  'a:b',
  '~/x',
  '-rf',
  'line\nbreak',
  '\u001b[31m',
  '\ufeffbom',
  '\u202egnp.exe',
  '%2e%2e/x',
  '😀'.repeat(63),
  'é'.repeat(127),
  'a'.repeat(255),
  `${'a'.repeat(254)}/`.repeat(16) + 'a'.repeat(16),
])('takes %j as it is', (path) => {
  expect(validateVaultPath(path)).toBe(path);
});

it.each([
  ['empty', ''],
  ['absolute', '/'],
  ['absolute', '/etc/passwd'],
  ['absolute', '//host/x'],
  ['empty-component', 'a//b'],
  ['empty-component', 'a/'],
  ['dot-component', '.'],
  ['dot-component', '..'],
  ['dot-component', './a'],
  ['dot-component', 'a/./b'],
  ['dot-component', '../a'],
  ['dot-component', 'a/../../b'],
  ['dot-component', 'a/..'],
  ['nul', 'a\0b'],
  ['nul', '\0'],
  ['not-unicode', 'a\ud800'],
  ['not-unicode', '\udc00/b'],
  ['component-too-long', 'a'.repeat(256)],
  ['component-too-long', `x/${'é'.repeat(128)}`],
  ['component-too-long', '😀'.repeat(64)],
  ['too-long', `${'a'.repeat(254)}/`.repeat(16) + 'a'.repeat(17)],
  ['too-long', 'é/'.repeat(2000)],
  ['too-long', 'a'.repeat(10_000_000)],
])('refuses, as %s, %j', (rule, path) => {
  const fault = faultOf(() => validateVaultPath(path));
  expect([fault.kind, fault.code, fault.facts.rule]).toEqual(['usage', 'VAULT_PATH', rule]);
});

it('the message neither steers a terminal nor grows with the path', () => {
  const fault = faultOf(() => validateVaultPath(`/\u001b[2J\u202e${'x'.repeat(5000)}`));
  expect(fault.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(fault.message.length).toBeLessThan(200);
});

it('a path it takes stays below the directory it is resolved in', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('.', '..', '', '/', '...', 'a', '\0'),
  );
  fc.assert(
    fc.property(fc.array(names, { maxLength: 6 }), (parts) => {
      const path = parts.join('/');
      try {
        validateVaultPath(path);
      } catch {
        return;
      }
      // Resolve as a file system does, from a directory three deep.
      const stack = ['x', 'y', 'z'];
      for (const name of path.split('/')) {
        if (name === '..') stack.pop();
        else if (name !== '' && name !== '.') stack.push(name);
      }
      expect(stack.slice(0, 3)).toEqual(['x', 'y', 'z']);
      expect(stack).toHaveLength(3 + path.split('/').length);
    }),
    { numRuns: 500 },
  );
});
