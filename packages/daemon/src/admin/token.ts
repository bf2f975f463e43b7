// Admin tokens: a scope and an end, signed with the daemon's admin key, checked without any list of them. One line of
// letters, digits, dots and hyphens, so that it fits an HTTP header. Whoever replaces the admin key ends them all.

import { type Crypto, type DaemonId, Fault, fromBase64Url, toBase64Url, utf8 } from '@vauban/core';
import type { TokenScope } from './admin-ports.ts';

/** A token for longer than a year is a password that nobody changes. */
export const TOKEN_MS_MAX = 366 * 86_400_000;
const FORM = 'vauban-admin0';
const domain = 'vauban/admin-token/0\n';

export interface TokenClaim {
  readonly daemon: DaemonId;
  readonly scope: TokenScope;
  /** Milliseconds since 1970, whole seconds. */
  readonly expires: number;
}

/** `vauban-admin0.<scope>.<end in seconds since 1970>.<daemon>.<signature, base64url>`. */
export function makeToken(crypto: Crypto, seed: Uint8Array, claim: TokenClaim): string {
  const signature = crypto.ed25519Sign(seed, signedBytes(claim));
  const { scope, expires, daemon } = claim;
  return `${FORM}.${scope}.${expires / 1_000}.${daemon}.${toBase64Url(signature)}`;
}

/** Faults (refused): TOKEN_MALFORMED, TOKEN_OTHER (another daemon's), TOKEN_FORGED, TOKEN_EXPIRED. */
export function checkToken(
  crypto: Crypto,
  publicKey: Uint8Array,
  at: { readonly token: string; readonly daemon: DaemonId; readonly now: number },
): TokenClaim {
  const { token, daemon, now } = at;
  const form =
    /^vauban-admin0\.(read|operate)\.([1-9][0-9]{8,11})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{86})$/.exec(token);
  const [, scope = '', seconds, of = '', text = ''] = form ?? [];
  const signature = fromBase64Url(text);
  if (signature?.length !== 64 || toBase64Url(signature) !== text) {
    throw refusal('TOKEN_MALFORMED', 'that is no admin token; vauban daemon token makes one');
  }
  if (of !== daemon) throw refusal('TOKEN_OTHER', `the token is for daemon ${of}, and this is ${daemon}`);
  const claim: TokenClaim = { daemon, scope: scope as TokenScope, expires: Number(seconds) * 1_000 };
  if (!crypto.ed25519Verify(signature, signedBytes(claim), publicKey)) {
    throw refusal(
      'TOKEN_FORGED',
      'the token was not signed with the admin key of this daemon; make a new one',
    );
  }
  if (claim.expires <= now || claim.expires > now + TOKEN_MS_MAX) {
    const message = `the token ended on ${new Date(claim.expires).toISOString()}; vauban daemon token makes a new one`;
    throw refusal('TOKEN_EXPIRED', message);
  }
  return claim;
}

function signedBytes({ daemon, scope, expires }: TokenClaim): Uint8Array {
  return utf8(`${domain}${daemon}\n${scope}\n${expires / 1_000}\n`);
}

function refusal(code: string, message: string): Fault {
  return new Fault('refused', code, message, {});
}
