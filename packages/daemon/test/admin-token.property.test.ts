// Tokens: what was signed is granted, for its time and its daemon, and nothing else is.

import { isFault } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenScope } from '../src/admin/admin-ports.ts';
import { checkToken, makeToken, TOKEN_MS_MAX } from '../src/admin/token.ts';
import { crypto, daemon } from './fragment-setup.ts';

const seed = new Uint8Array(32).fill(7);
const publicKey = crypto.ed25519Public(seed);
const now = 1_800_000_000_000;
const expires = now + 3_600_000;
const token = makeToken(crypto, seed, { daemon, scope: 'read', expires });

function codeOf(text: string, at: { readonly now?: number; readonly daemon?: string } = {}): string {
  try {
    checkToken(crypto, publicKey, { token: text, daemon, now, ...at });
    return 'ok';
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
}

describe('a token', () => {
  it('grants its scope until its end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<TokenScope>('read', 'operate'),
        fc.integer({ min: 1, max: TOKEN_MS_MAX / 1_000 }),
        (scope, lifeSeconds) => {
          const claim = { daemon, scope, expires: now + lifeSeconds * 1_000 };
          const made = makeToken(crypto, seed, claim);
          expect(checkToken(crypto, publicKey, { token: made, daemon, now })).toEqual(claim);
          expect(codeOf(made, { now: claim.expires - 1 })).toBe('ok');
          expect(codeOf(made, { now: claim.expires })).toBe('TOKEN_EXPIRED');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('with any character changed, left out or added is refused', () => {
    const letters = 'abAB019-_.'.split('');
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('change', 'drop', 'add'),
        fc.constantFrom(...letters),
        (at, how, letter) => {
          const rest = token.slice(how === 'add' ? at : at + 1);
          const other = `${token.slice(0, at)}${how === 'drop' ? '' : letter}${rest}`;
          expect(codeOf(other) === 'ok').toBe(other === token);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('of a reader is not turned into an operator’s', () => {
    expect(codeOf(token.replace('.read.', '.operate.'))).toBe('TOKEN_FORGED');
  });

  it('of another daemon, another key, or for ages is refused', () => {
    expect(codeOf(token, { daemon: 'f'.repeat(32) })).toBe('TOKEN_OTHER');
    const other = makeToken(crypto, new Uint8Array(32).fill(8), { daemon, scope: 'read', expires });
    expect(codeOf(other)).toBe('TOKEN_FORGED');
    const ages = { daemon, scope: 'read' as const, expires: now + TOKEN_MS_MAX + 1_000 };
    expect(codeOf(makeToken(crypto, seed, ages))).toBe('TOKEN_EXPIRED');
  });
});
