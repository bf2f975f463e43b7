// Large buffers, kept between segments: a fresh one of 24 MB costs more page faults than encoding into it does.

/** Smaller ones are not worth keeping: the engine's own allocator is as fast. */
const POOLED_BYTES_MIN = 262_144;
/** A slab serves requests down to this part of it, so that a small one never ties up a large one. */
const FIT_FRACTION = 0.5;
/** Idle slabs are dropped above this, lent ones counted in: the coded forms of three default segments. */
const POOL_BYTES_MAX = 75_497_472;

export interface Slab {
  /** Exactly the length asked for; whatever was in it before is still there. */
  readonly bytes: Uint8Array;
  /** Gives the memory back. Nothing may write to it or read from it afterwards; safe to call twice. */
  release(): void;
}

export class SlabPool {
  /** The one used last is the last. */
  readonly #idle: ArrayBuffer[] = [];
  #lentBytes = 0;
  #idleBytes = 0;
  #peakBytes = 0;

  /** The smallest idle slab that fits, or a new one of this length. */
  acquire(byteLength: number): Slab {
    const fits = this.#idle
      .filter((one) => one.byteLength >= byteLength && one.byteLength * FIT_FRACTION <= byteLength)
      .sort((a, b) => a.byteLength - b.byteLength)[0];
    if (fits !== undefined) this.#remove(this.#idle.indexOf(fits));
    const buffer = fits ?? new ArrayBuffer(byteLength);
    this.#lentBytes += buffer.byteLength;
    this.#trim();
    this.#peakBytes = Math.max(this.#peakBytes, this.#lentBytes);
    let lent = true;
    return {
      bytes: new Uint8Array(buffer, 0, byteLength),
      release: () => {
        if (!lent) return;
        lent = false;
        this.#lentBytes -= buffer.byteLength;
        if (buffer.byteLength >= POOLED_BYTES_MIN) this.#keep(buffer);
      },
    };
  }

  /** Bytes in use, bytes waiting to be used again, and the most that was ever in use. */
  get account(): { readonly lentBytes: number; readonly idleBytes: number; readonly peakBytes: number } {
    return { lentBytes: this.#lentBytes, idleBytes: this.#idleBytes, peakBytes: this.#peakBytes };
  }

  #keep(buffer: ArrayBuffer): void {
    this.#idle.push(buffer);
    this.#idleBytes += buffer.byteLength;
    this.#trim();
  }

  #trim(): void {
    while (this.#idle.length > 0 && this.#idleBytes + this.#lentBytes > POOL_BYTES_MAX) this.#remove(0);
  }

  #remove(at: number): void {
    const [removed] = this.#idle.splice(at, 1);
    this.#idleBytes -= removed?.byteLength ?? 0;
  }
}
