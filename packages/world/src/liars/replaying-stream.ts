// A stream whose beginning may be read twice: by the liar, who decides by it, and by the daemon, who then hears it too.

import { type ByteStream, concat } from '@vauban/core';

export interface Replay {
  /** Reads through this are remembered. */
  readonly recorded: ByteStream;
  /** What was read comes again, then the rest. */
  readonly fromStart: () => ByteStream;
}

export function replaying(stream: ByteStream): Replay {
  let read: Uint8Array = new Uint8Array(0);
  const same = {
    write: (bytes: Uint8Array) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    abort: () => stream.abort(),
  };
  const recorded: ByteStream = {
    ...same,
    async read(length) {
      const bytes = await stream.read(length);
      read = concat(read, bytes);
      return bytes;
    },
    async readInto(into) {
      into.set(await recorded.read(into.length));
    },
  };
  const fromStart = (): ByteStream => ({
    ...same,
    async read(length) {
      const into = new Uint8Array(length);
      await this.readInto(into);
      return into;
    },
    async readInto(into) {
      const known = read.subarray(0, into.length);
      into.set(known);
      read = read.subarray(known.length);
      if (known.length < into.length) await stream.readInto(into.subarray(known.length));
    },
  });
  return { recorded, fromStart };
}
