// A daemon that follows the wire's messages, really keeps fragments, and misbehaves on demand.

import {
  asFault,
  type ByteStream,
  type Daemon,
  equalBytes,
  Fault,
  LEAF_BYTES,
  merkleProof,
  merkleRoot,
  type Network,
  toHex,
} from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { fragmentBytesOf, type SegmentDescriptor, segmentIdOf, signReceipt } from '@vauban/ledger';
import {
  decodeRequest,
  encodeAnswer,
  encodeFaultAnswer,
  readBulkHeader,
  type Request,
  type Run,
  writeBulkFault,
  writeBulkReply,
} from '@vauban/wire';

/** What it does wrong; everything else it does right. */
export interface Misdeeds {
  refusePut?: Fault;
  refuseHello?: Fault;
  refuseGet?: Fault;
  refuseHolders?: Fault;
  forgeReceipt?: boolean;
  /** Signs for fragments that it does not keep. */
  emptyReceipts?: boolean;
  /** Flips a bit of this leaf when it sends it. */
  flipLeaf?: number;
  wrongLeafList?: boolean;
  wrongLength?: boolean;
  /** Calls this when so many bytes of an upload have come. */
  atBytes?: { readonly bytes: number; readonly act: () => void | Promise<void> };
  /** Says this in the middle of an upload and hangs up. */
  failUpload?: Fault;
  /** Calls this when a read has sent so many bytes. */
  atSentBytes?: { readonly bytes: number; readonly act: () => void };
}

export class FakeDaemon {
  readonly facts: Daemon;
  readonly fragments = new Map<string, Uint8Array>();
  misdeeds: Misdeeds = {};
  freeBytes = 1e12;
  /** Rises each time it erases. */
  generation = 0;
  receivedBytes = 0;
  readonly asked: Request['ask'][] = [];
  /** Names of fragments that it is about to erase: for these it signs nothing. */
  readonly leaving = new Set<string>();
  /** Whom it names as holders of a segment, by its id in hex: what its mirror of the ledger would say. */
  readonly holders = new Map<string, readonly (readonly [index: number, daemon: string])[]>();
  readonly #seed: Uint8Array;
  readonly #charterName: string;
  readonly #known = new Set<string>();

  constructor(o: { facts: Daemon; receiptSeed: Uint8Array; charterName: string; network: Network }) {
    this.facts = o.facts;
    this.#seed = o.receiptSeed;
    this.#charterName = o.charterName;
    o.network.serve({
      request: (from, body) => this.#request(from, body),
      bulk: (from, stream) => this.#bulk(from, stream),
      closed: (from) => void this.#known.delete(from),
    });
  }

  async #request(from: string, body: Uint8Array): Promise<Uint8Array> {
    const request = decodeRequest(body);
    this.asked.push(request.ask);
    try {
      if (request.ask !== 'hello' && !this.#known.has(from)) {
        throw new Fault('refused', 'HELLO_MISSING', 'who are you?');
      }
      return this.#answer(from, request);
    } catch (error) {
      return encodeFaultAnswer(asFault(error), 1);
    }
  }

  #answer(from: string, request: Request): Uint8Array {
    const { id: daemon } = this.facts;
    switch (request.ask) {
      case 'hello':
        if (this.misdeeds.refuseHello) throw this.misdeeds.refuseHello;
        this.#known.add(from);
        return encodeAnswer<'hello'>({ version: 1, daemon, hoster: 'h' }, 1);
      case 'status':
        return encodeAnswer<'status'>(
          {
            daemon,
            hoster: 'h',
            site: this.facts.site,
            charterVersion: 1,
            fragments: this.fragments.size,
            bytes: 0,
            freeBytes: this.freeBytes,
            bytesByAgency: {},
            logs: 0,
            entries: 0,
            silent: null,
            alerts: [],
            refusedMessages: 0,
            startedAt: 0,
          },
          1,
        );
      case 'receipt': {
        this.#find(segmentIdOf(crypto, request.segment), request.index);
        return encodeAnswer<'receipt'>(this.#receipt(request.segment, request.index), 1);
      }
      case 'leaf': {
        const bytes = this.#find(request.segment, request.index);
        const hashes = crypto.leafHashes(bytes, LEAF_BYTES);
        const leaf = bytes.slice(request.leaf * LEAF_BYTES, (request.leaf + 1) * LEAF_BYTES);
        if (this.misdeeds.flipLeaf !== undefined) leaf[0] = (leaf[0] as number) ^ 1;
        const proof = merkleProof(crypto, hashes, request.leaf);
        return encodeAnswer<'leaf'>({ bytes: leaf, leaves: hashes.length / 32, proof }, 1);
      }
      case 'holders': {
        if (this.misdeeds.refuseHolders) throw this.misdeeds.refuseHolders;
        const segments = request.segments.map((segment) => ({
          segment,
          holders: (this.holders.get(toHex(segment)) ?? []).map(([index, holder]): [number, string] => [
            index,
            holder,
          ]),
        }));
        return encodeAnswer<'holders'>({ segments }, 1);
      }
      default:
        throw new Fault('refused', 'NOT_HERE', `a fake daemon has no ${request.ask}`);
    }
  }

  /** As a restart does: nobody has introduced himself. */
  forgetCallers(): void {
    this.#known.clear();
  }

  async #bulk(from: string, stream: ByteStream): Promise<void> {
    try {
      if (!this.#known.has(from)) throw new Fault('refused', 'HELLO_MISSING', 'who are you?');
      const header = await readBulkHeader(stream);
      if (header.bulk === 'put') await this.#put(stream, header.segment, header.index);
      else await this.#get(stream, header);
    } catch (error) {
      if (asFault(error).kind === 'unreachable') throw error;
      await writeBulkFault(stream, asFault(error));
    }
  }

  async #put(stream: ByteStream, descriptor: SegmentDescriptor, index: number): Promise<void> {
    const { refusePut, failUpload } = this.misdeeds;
    if (refusePut) throw refusePut;
    const segment = segmentIdOf(crypto, descriptor);
    const name = nameOf(segment, index);
    if (!this.fragments.has(name)) {
      await writeBulkReply(stream, { reply: 'go' });
      const bytes = new Uint8Array(fragmentBytesOf(descriptor));
      for (let at = 0; at < bytes.length; at += LEAF_BYTES) {
        const view = bytes.subarray(at, at + LEAF_BYTES);
        await stream.readInto(view);
        this.receivedBytes += view.length;
        await this.#reached(at + view.length);
        if (failUpload) throw failUpload;
      }
      const root = merkleRoot(crypto, crypto.leafHashes(bytes, LEAF_BYTES));
      if (!equalBytes(root, descriptor.roots[index] as Uint8Array)) {
        throw new Fault('integrity', 'ROOT_WRONG', 'not the bytes that were announced');
      }
      if (!this.misdeeds.emptyReceipts) this.fragments.set(name, bytes);
    }
    await writeBulkReply(stream, { reply: 'receipt', ...this.#receipt(descriptor, index) });
  }

  async #get(
    stream: ByteStream,
    of: { segment: Uint8Array; index: number; runs: readonly Run[] },
  ): Promise<void> {
    const { refuseGet, flipLeaf, wrongLeafList, wrongLength, atSentBytes } = this.misdeeds;
    if (refuseGet) throw refuseGet;
    const bytes = this.#find(of.segment, of.index);
    const hashes = crypto.leafHashes(bytes, LEAF_BYTES);
    if (wrongLeafList) hashes[0] = (hashes[0] as number) ^ 1;
    await writeBulkReply(stream, { reply: 'found', bytes: bytes.length + (wrongLength ? 16 : 0) });
    await stream.write(hashes);
    let sentBytes = 0;
    for (const [offset, length] of of.runs) {
      for (let at = offset; at < offset + length; at += LEAF_BYTES) {
        if (atSentBytes && sentBytes >= atSentBytes.bytes) {
          delete this.misdeeds.atSentBytes;
          atSentBytes.act();
        }
        const leaf = bytes.slice(at, Math.min(at + LEAF_BYTES, offset + length));
        if (at === (flipLeaf ?? -1) * LEAF_BYTES) leaf[0] = (leaf[0] as number) ^ 1;
        await stream.write(leaf);
        sentBytes += leaf.length;
      }
    }
  }

  async #reached(bytes: number): Promise<void> {
    const { atBytes } = this.misdeeds;
    if (atBytes === undefined || bytes < atBytes.bytes) return;
    delete this.misdeeds.atBytes;
    await atBytes.act();
  }

  #find(segment: Uint8Array, index: number): Uint8Array {
    const found = this.fragments.get(nameOf(segment, index));
    if (found !== undefined) return found;
    throw new Fault('failure', 'FRAGMENT_MISSING', 'not here', { index });
  }

  #receipt(descriptor: SegmentDescriptor, index: number): { generation: number; receipt: Uint8Array } {
    if (this.leaving.has(nameOf(segmentIdOf(crypto, descriptor), index)))
      throw new Fault('refused', 'FRAGMENT_LEAVING', 'about to be erased', { class: 'later', index });
    const generation = this.misdeeds.emptyReceipts ? 0 : this.generation;
    const receipt = signReceipt(
      crypto,
      {
        charterName: this.#charterName,
        segment: segmentIdOf(crypto, descriptor),
        index,
        root: descriptor.roots[index] as Uint8Array,
        bytes: fragmentBytesOf(descriptor),
        daemon: this.facts.id,
        generation,
      },
      this.#seed,
    );
    if (this.misdeeds.forgeReceipt) receipt[0] = (receipt[0] as number) ^ 1;
    return { generation, receipt };
  }
}

function nameOf(segment: Uint8Array, index: number): string {
  return `${toHex(segment)} ${index}`;
}
