// Argon2id (RFC 9106) by OpenSSL: five times as fast as JavaScript, so a guess costs an attacker five times as much.
// The shape is that of seal's PassphraseKdf, which core may not import.

import { argon2Sync } from 'node:crypto';

interface Argon2idParams {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export const nodePassphraseKdf = {
  name: 'argon2id',
  /** 0.3 s on the build machines: between RFC 9106's two recommended settings (2 GiB × 1, 64 MiB × 3). */
  defaults: { memoryKiB: 128 * 1024, passes: 3, lanes: 1 },
  /** 32 bytes; callers have checked the parameters against their caps. Blocks the thread meanwhile. */
  derive(passphrase: Uint8Array, salt: Uint8Array, params: Argon2idParams): Uint8Array {
    const { memoryKiB, passes, lanes } = params;
    return new Uint8Array(
      argon2Sync('argon2id', {
        message: passphrase,
        nonce: salt,
        memory: memoryKiB,
        passes,
        parallelism: lanes,
        tagLength: 32,
      }),
    );
  },
} as const;
