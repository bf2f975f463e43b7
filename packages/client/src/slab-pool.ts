// Large buffers, kept between segments: a fresh one of 24 MB costs more page faults than encoding into it does.

/** Idle slabs kept: one for each segment a caller has in flight, and one that is being given back. */
const SLABS_KEPT_MAX = 4;

export interface Slab {
  /** Exactly the length asked for; whatever was in it before is still there. */
  readonly bytes: Uint8Array;
  /** Gives the memory back. Nothing may write to it or read from it afterwards; safe to call twice. */
  release(): void;
}

export class SlabPool {
  readonly #idle: ArrayBuffer[] = [];
  #lentBytes = 0;
  #peakBytes = 0;

  /** The smallest idle slab that is large enough, or a new one of this length. */
  acquire(byteLength: number): Slab {
    const fits = this.#idle
      .filter((one) => one.byteLength >= byteLength)
      .sort((a, b) => a.byteLength - b.byteLength)[0];
    if (fits !== undefined) this.#idle.splice(this.#idle.indexOf(fits), 1);
    const buffer = fits ?? new ArrayBuffer(byteLength);
    this.#lentBytes += buffer.byteLength;
    this.#peakBytes = Math.max(this.#peakBytes, this.#lentBytes);
    let lent = true;
    return {
      bytes: new Uint8Array(buffer, 0, byteLength),
      release: () => {
        if (!lent) return;
        lent = false;
        this.#lentBytes -= buffer.byteLength;
        this.#keep(buffer);
      },
    };
  }

  /** Bytes in use, bytes waiting to be used again, and the most that was ever in use. */
  get account(): { readonly lentBytes: number; readonly idleBytes: number; readonly peakBytes: number } {
    const idleBytes = this.#idle.reduce((sum, one) => sum + one.byteLength, 0);
    return { lentBytes: this.#lentBytes, idleBytes, peakBytes: this.#peakBytes };
  }

  /** The largest are kept: they serve every request. */
  #keep(buffer: ArrayBuffer): void {
    this.#idle.push(buffer);
    if (this.#idle.length <= SLABS_KEPT_MAX) return;
    this.#idle.sort((a, b) => b.byteLength - a.byteLength);
    this.#idle.length = SLABS_KEPT_MAX;
  }
}
