// Many byte strings as one, for a way between threads where each costs more than its bytes.

export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each ends in `bytes`. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

export function packed(parts: readonly Uint8Array[]): Packed {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  const ends = new Uint32Array(parts.length);
  let at = 0;
  for (const [nth, part] of parts.entries()) {
    bytes.set(part, at);
    at += part.length;
    ends[nth] = at;
  }
  return { bytes, ends };
}

export function unpacked({ bytes, ends }: Packed): Uint8Array[] {
  let from = 0;
  return Array.from(ends, (end) => {
    const part = bytes.subarray(from, end);
    from = end;
    return part;
  });
}
