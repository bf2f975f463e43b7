// What is used of libsodium's binding, which brings no types of its own. All arguments are views of bytes.

declare module 'sodium-native' {
  const sodium: {
    /** Fills a 32-byte public and a 64-byte secret key from a 32-byte seed. */
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
    /** Fills a 64-byte signature. */
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  };
  export default sodium;
}
