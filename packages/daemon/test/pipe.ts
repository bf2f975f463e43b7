// Two ends of a byte stream in one process: what is written at one end is read at the other.

import { type ByteStream, concat, Fault } from '@vauban/core';

class End {
  bytes: Uint8Array = new Uint8Array(0);
  over = false;
  wake: () => void = () => undefined;
  /** Bytes that came through. */
  total = 0;

  push(bytes: Uint8Array): void {
    this.total += bytes.length;
    this.bytes = concat(this.bytes, bytes);
    this.wake();
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  async take(length: number): Promise<Uint8Array> {
    while (this.bytes.length < length) {
      if (this.over) throw new Fault('unreachable', 'STREAM_ENDED', 'the other side ended', {});
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const taken = this.bytes.slice(0, length);
    this.bytes = this.bytes.subarray(length);
    return taken;
  }
}

function stream(from: End, to: End): ByteStream {
  return {
    read: (length) => from.take(length),
    readInto: async (into) => into.set(await from.take(into.length)),
    write: async (bytes) => {
      if (to.over) throw new Fault('unreachable', 'STREAM_ENDED', 'the stream is closed', {});
      to.push(bytes);
    },
    closeWrite: async () => to.end(),
    abort: () => {
      from.end();
      to.end();
    },
  };
}

export interface Pipe {
  readonly near: ByteStream;
  readonly far: ByteStream;
  /** Bytes that came to the near end. */
  receivedBytes(): number;
}

export function pipe(): Pipe {
  const toNear = new End();
  const toFar = new End();
  return { near: stream(toNear, toFar), far: stream(toFar, toNear), receivedBytes: () => toNear.total };
}
