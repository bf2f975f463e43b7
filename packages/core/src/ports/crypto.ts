// The bulk-crypto port: hashing, frames and signatures, all synchronous.
// Small records and key derivation use @noble directly in `seal`; what runs per byte or per entry goes through here.

export interface Hasher {
  update(bytes: Uint8Array): Hasher;
  /** The 32-byte SHA-256 digest; the hasher is spent afterwards. */
  digest(): Uint8Array;
}

export interface Crypto {
  /** SHA-256 (FIPS 180-4) over the parts, in order. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  sha256Stream(): Hasher;
  /**
   * SHA-256 of every `leafBytes` slice of `bytes` (the last one may be short), each after the one-byte prefix 0x00,
   * as RFC 6962 hashes leaves. The digests are returned end to end, 32 bytes each.
   */
  leafHashes(bytes: Uint8Array, leafBytes: number): Uint8Array;
  /**
   * AES-256-GCM (NIST SP 800-38D): ciphertext then 16-byte tag, written into `into`
   * (plaintext length + 16 bytes). Key 32 bytes, nonce 12 bytes.
   */
  gcmSealInto(into: Uint8Array, key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): void;
  /** Opens what gcmSealInto wrote into `into` (sealed length − 16); false, with `into` zeroed, when the tag is wrong. */
  gcmOpenInto(into: Uint8Array, key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): boolean;
  /** Ed25519 (RFC 8032) public key, 32 bytes, of a 32-byte seed. */
  ed25519Public(seed: Uint8Array): Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** False for any malformed key or signature; never throws. */
  ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}
