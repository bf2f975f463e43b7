// The list of sabotages fits the code as it is today: each can be applied, in one place and no other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';

const root = join(import.meta.dirname, '..', '..');

describe('the list of sabotages', () => {
  it('has names of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants)('$name finds its line once', ({ file, find, replace }) => {
    const text = readFileSync(join(root, file), 'utf8');
    expect(text.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });
});
