// One bulk stream, seen from one side: bytes in order, a window that makes the sender wait for the reader, an idle
// deadline on every wait.

import { assert, type ByteStream, Fault } from '@vauban/core';
import type { Connection } from './connection.ts';
import type { Party } from './party.ts';

/** Bytes sent and not read yet: smaller than a fragment, so that every transfer runs into it. */
const WINDOW_BYTES = 12_288;
/** A slow machine's bytes come in handfuls of so long. */
const SLOW_MS = 1_000;
/** How long a served stream waits for the other side to finish too. */
const LINGER_MS = 2_000;

interface Reader {
  readonly into: Uint8Array;
  filled: number;
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

export class StreamEnd implements ByteStream {
  /** The same stream on the other side, once it has been opened there. */
  peer: StreamEnd | undefined;
  readonly #party: Party;
  readonly #connection: Connection;
  readonly #idleMs: number;
  readonly #stopWatching: () => void;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #credit = WINDOW_BYTES;
  #owed = 0;
  #reader: Reader | undefined;
  #blocked: { readonly resolve: () => void; readonly reject: (fault: Fault) => void } | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #remoteEnded = false;
  #writeEnded = false;
  #fault: Fault | undefined;
  #discard: (() => void) | undefined;

  constructor(of: { readonly party: Party; readonly connection: Connection; readonly idleMs: number }) {
    this.#party = of.party;
    this.#connection = of.connection;
    this.#idleMs = of.idleMs;
    this.#stopWatching = of.connection.onClose(of.party, (reason) => this.#cut(reason));
  }

  async read(length: number): Promise<Uint8Array> {
    const into = new Uint8Array(length);
    await this.readInto(into);
    return into;
  }

  readInto(into: Uint8Array): Promise<void> {
    assert(this.#reader === undefined, 'one read at a time: the one before has not ended');
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#reader = { into, filled: 0, resolve, reject };
      this.#arm();
      this.#feed();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    const before = this.#lastWrite;
    const mine = before.then(() => this.#write(bytes));
    this.#lastWrite = mine.catch(() => undefined);
    return mine;
  }

  async closeWrite(): Promise<void> {
    await this.#lastWrite;
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#writeEnded) return;
    this.#writeEnded = true;
    this.#tell('end', (peer) => peer.#noMore());
    this.#endWhenDone();
  }

  abort(): void {
    if (this.#fault !== undefined) return;
    this.#tell('reset', (peer) => peer.#cut('the other side aborted it'));
    this.#fail(this.#ended('this side aborted it'));
  }

  /** The end of a served stream: the other side has a moment to end its half too. */
  async finish(): Promise<void> {
    await this.closeWrite().catch(() => undefined);
    if (!this.#remoteEnded && this.#fault === undefined) {
      await new Promise<void>((resolve) => {
        const cancel = this.#party.program.after(LINGER_MS, resolve);
        this.#discard = () => {
          cancel();
          resolve();
        };
        this.#queue = [];
        this.#queued = 0;
      });
    }
    this.abort();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#writeEnded) throw this.#ended('it is closed for writing');
      if (this.#credit === 0) {
        await new Promise<void>((resolve, reject) => {
          this.#blocked = { resolve, reject };
          this.#arm();
        });
        continue;
      }
      const msPerByte = this.#party.msPerByte(this.#connection.other(this.#party));
      const most = msPerByte === undefined ? this.#credit : Math.max(1, Math.floor(SLOW_MS / msPerByte));
      const slice = bytes.slice(at, at + Math.min(most, this.#credit));
      this.#credit -= slice.length;
      at += slice.length;
      this.#tell('data', (peer) => peer.#arrived(slice), slice);
      // What trickles does not pile up on the way: a few bytes each second, and nobody's idle deadline passes.
      if (msPerByte !== undefined) await this.#party.program.pause(SLOW_MS);
    }
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#fault !== undefined) return;
    if (this.#discard !== undefined) {
      this.#owe(bytes.length);
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#reader !== undefined) this.#arm();
    this.#feed();
  }

  #feed(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    let taken = 0;
    while (this.#queued > 0 && reader.filled < reader.into.length) {
      const first = this.#queue[0] as Uint8Array;
      const part = first.subarray(0, reader.into.length - reader.filled);
      reader.into.set(part, reader.filled);
      reader.filled += part.length;
      taken += part.length;
      this.#queued -= part.length;
      if (part.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(part.length);
    }
    this.#owe(taken);
    if (reader.filled === reader.into.length) {
      this.#reader = undefined;
      this.#armIfBlocked();
      reader.resolve();
    } else if (this.#remoteEnded) {
      this.#reader = undefined;
      this.#armIfBlocked();
      reader.reject(this.#ended('the other side sent fewer bytes than expected'));
    }
  }

  /** Lets the sender go on, half a window at a time. */
  #owe(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < WINDOW_BYTES / 2 || this.#remoteEnded) return;
    const credit = this.#owed;
    this.#owed = 0;
    this.#tell(`window ${credit}`, (peer) => peer.#credited(credit));
  }

  #credited(bytes: number): void {
    this.#credit += bytes;
    const blocked = this.#blocked;
    this.#blocked = undefined;
    if (this.#reader === undefined) this.#disarm();
    blocked?.resolve();
  }

  #armIfBlocked(): void {
    if (this.#blocked === undefined) this.#disarm();
    else this.#arm();
  }

  #noMore(): void {
    this.#remoteEnded = true;
    this.#feed();
    this.#discard?.();
    this.#endWhenDone();
  }

  /** The stream or its connection is gone: what has arrived may still be read. */
  #cut(reason: string): void {
    if (this.#fault !== undefined) return;
    this.#remoteEnded = true;
    this.#writeEnded = true;
    this.#blocked?.reject(this.#ended(reason));
    this.#blocked = undefined;
    this.#feed();
    this.#discard?.();
    this.#endWhenDone();
  }

  #fail(fault: Fault): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.#queue = [];
    this.#queued = 0;
    this.#disarm();
    this.#blocked?.reject(fault);
    this.#blocked = undefined;
    this.#reader?.reject(fault);
    this.#reader = undefined;
    this.#discard?.();
    this.#leave();
  }

  #endWhenDone(): void {
    if (this.#remoteEnded && this.#writeEnded) this.#leave();
  }

  #leave(): void {
    this.#stopWatching();
    this.#party.left(this);
  }

  #tell(what: string, deliver: (peer: StreamEnd) => void, body: Uint8Array = new Uint8Array(0)): void {
    this.#connection.send(this.#party, { body, what: `stream ${what}` }, () => {
      if (this.peer !== undefined) deliver(this.peer);
    });
  }

  #arm(): void {
    this.#disarm();
    this.#cancelTimer = this.#party.program.after(this.#idleMs, () => {
      const peer = this.#connection.other(this.#party).name;
      this.#tell('reset', (other) => other.#cut('the other side aborted it'));
      this.#fail(
        new Fault('unreachable', 'DEADLINE', `${peer} let ${this.#idleMs} ms pass on a stream.`, {
          deadlineMs: this.#idleMs,
        }),
      );
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #ended(how: string): Fault {
    const peer = this.#connection.other(this.#party).name;
    return new Fault('unreachable', 'STREAM_ENDED', `The stream with ${peer} ended: ${how}.`, {});
  }
}
