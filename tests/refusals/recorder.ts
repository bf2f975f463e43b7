// The ports of one real daemon with everything written down: each call on disk, index and ledger once it is done, each
// answer before the network gets it. Between daemon and recorder a saboteur may drop calls that pretend to be done.

import { type ByteStream, concat, type Files, isFault, type Network, type Store } from '@vauban/core';
import { nodeClock, nodeCrypto } from '@vauban/core/node';
import { readHead, segmentIdOf } from '@vauban/ledger';
import { decodeAnswer, decodeRequest, readBulkHeader, readBulkReply, type Request } from '@vauban/wire';
import type { DaemonPorts } from './network.ts';

export type Step =
  | {
      readonly at: 'disk';
      readonly call: 'create' | 'append' | 'write' | 'sync' | 'rename' | 'syncDirectory' | 'remove';
      readonly path: string;
      readonly to?: string;
      readonly bytes?: Uint8Array;
    }
  | {
      readonly at: 'store';
      readonly sync: boolean;
      readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
    }
  | { readonly at: 'sent'; readonly what: Sent };

/** What left with a promise in it. */
export type Sent =
  | { readonly promise: 'receipt'; readonly segment: Uint8Array; readonly index: number }
  | {
      readonly promise: 'cosignature';
      readonly head: string;
      readonly origin: string;
      readonly root: Uint8Array;
    }
  | { readonly promise: 'draft'; readonly body: Uint8Array }
  | { readonly promise: 'note'; readonly note: Uint8Array };

/** Whether the disk is spared this call; for a store's batch, whether its sync is left out. */
export type Saboteur = (step: Step) => boolean;

/** Everything takes a while, so that what is not waited for comes late. */
const LAG_MS = 3;

export class Recorder {
  readonly steps: Step[] = [];
  sabotage: Saboteur = () => false;

  /** Between a daemon and its ports. */
  readonly bend = (ports: DaemonPorts): DaemonPorts => ({
    files: this.#files(ports.files),
    store: this.#store(ports.store),
    network: this.#network(ports.network),
  });

  async #done(step: Step, work: () => Promise<unknown>): Promise<void> {
    if (this.sabotage(step)) return;
    await work();
    await nodeClock.sleep(LAG_MS);
    this.steps.push(step);
  }

  #files(inner: Files): Files {
    const disk = (call: Extract<Step, { at: 'disk' }>['call'], path: string, more: object = {}): Step => ({
      at: 'disk',
      call,
      path,
      ...more,
    });
    const open = (how: 'create' | 'append') => async (path: string) => {
      const file = await inner[how](path);
      this.steps.push(disk(how, path));
      return {
        write: (bytes: Uint8Array) => {
          const copy = bytes.slice();
          return this.#done(disk('write', path, { bytes: copy }), () => file.write(copy));
        },
        sync: () => this.#done(disk('sync', path), () => file.sync()),
        close: () => file.close(),
      };
    };
    return {
      ...inner,
      // Called as a method of the port it came from.
      readAll: (path, bytesMax) => inner.readAll(path, bytesMax),
      create: open('create'),
      append: open('append'),
      rename: (path, to) => this.#done(disk('rename', path, { to }), () => inner.rename(path, to)),
      syncDirectory: (path) => this.#done(disk('syncDirectory', path), () => inner.syncDirectory(path)),
      remove: (path) => this.#done(disk('remove', path), () => inner.remove(path)),
    };
  }

  #store(inner: Store): Store {
    return {
      get: (key) => inner.get(key),
      range: (range) => inner.range(range),
      close: () => inner.close(),
      batch: async (operations, { sync }) => {
        const puts = operations.flatMap((one) => ('put' in one ? [{ key: one.put, value: one.value }] : []));
        const lazy = sync && this.sabotage({ at: 'store', sync, puts });
        const step: Step = { at: 'store', sync: sync && !lazy, puts };
        await inner.batch(operations, { sync: step.sync });
        await nodeClock.sleep(LAG_MS);
        this.steps.push(step);
      },
    };
  }

  #network(inner: Network): Network {
    return {
      get self() {
        return inner.self;
      },
      get addresses() {
        return inner.addresses;
      },
      get traffic() {
        return inner.traffic;
      },
      start: () => inner.start(),
      stop: () => inner.stop(),
      request: (peer, body, options) => inner.request(peer, body, options),
      bulk: (peer, options) => inner.bulk(peer, options),
      serve: (handler) =>
        inner.serve({
          closed: (from) => handler.closed(from),
          request: async (from, body) => {
            const answer = await handler.request(from, body);
            const what = promiseIn(body, answer);
            if (what !== undefined) this.steps.push({ at: 'sent', what });
            return answer;
          },
          bulk: (from, stream) => handler.bulk(from, this.#watch(stream)),
        }),
    };
  }

  /** Reads along: the header says which fragment, one framed reply is the receipt. */
  #watch(stream: ByteStream): ByteStream {
    const heard: Uint8Array[] = [];
    const fragment = async () => {
      const header = await readBulkHeader(replayed(concat(...heard)));
      return header.bulk === 'put'
        ? { segment: segmentIdOf(nodeCrypto, header.segment), index: header.index }
        : undefined;
    };
    return {
      read: async (length) => {
        const bytes = await stream.read(length);
        if (heard.length < 2) heard.push(bytes);
        return bytes;
      },
      readInto: (into) => stream.readInto(into),
      write: async (bytes) => {
        const receipt = await readBulkReply(replayed(bytes)).catch(() => undefined);
        const of = receipt?.reply === 'receipt' ? await fragment() : undefined;
        if (of !== undefined) this.steps.push({ at: 'sent', what: { promise: 'receipt', ...of } });
        return stream.write(bytes);
      },
      closeWrite: () => stream.closeWrite(),
      abort: () => stream.abort(),
    };
  }
}

/** Just these bytes, to be read. */
function replayed(bytes: Uint8Array): ByteStream {
  let at = 0;
  const refuse = () => Promise.reject(new Error('only read'));
  return {
    read: async (length) => {
      if (at + length > bytes.length) throw new Error('no more bytes');
      at += length;
      return bytes.subarray(at - length, at);
    },
    readInto: refuse,
    write: refuse,
    closeWrite: refuse,
    abort: () => undefined,
  };
}

function promiseIn(body: Uint8Array, answer: Uint8Array): Sent | undefined {
  try {
    const request: Request = decodeRequest(body);
    if (request.ask === 'append') {
      const found = decodeAnswer('append', answer).answer;
      if (found.result !== 'cosigned') return undefined;
      const { checkpoint } = request.append;
      const { origin, root } = readHead(checkpoint);
      return { promise: 'cosignature', head: checkpoint.split('\n\n')[0] ?? '', origin, root };
    }
    if (request.ask === 'charter-offer') {
      const { cosignature } = decodeAnswer('charter-offer', answer).answer;
      return cosignature === null ? undefined : { promise: 'draft', body: request.signed.body };
    }
    if (request.ask === 'note') {
      decodeAnswer('note', answer);
      return { promise: 'note', note: request.note };
    }
    if (request.ask === 'receipt') {
      decodeAnswer('receipt', answer);
      const { segment, index } = request;
      return { promise: 'receipt', segment: segmentIdOf(nodeCrypto, segment), index };
    }
    return undefined;
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}
