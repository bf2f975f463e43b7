// Fragments over the wire: taking one in and giving the receipt, handing bytes out, answering challenges.
// A receipt leaves only after the store says the fragment is durable.

import {
  type Agency,
  type ByteStream,
  type Charter,
  type Crypto,
  type DaemonId,
  equalBytes,
  Fault,
  LEAF_BYTES,
  merkleProof,
} from '@vauban/core';
import {
  checkDescriptor,
  fragmentBytesOf,
  type SegmentDescriptor,
  segmentIdOf,
  signReceipt,
} from '@vauban/ledger';
import { type AnswerOf, type BulkHeader, writeBulkReply } from '@vauban/wire';
import type { FragmentStore } from './fragment-store.ts';
import type { FragmentWriter } from './fragment-writer.ts';
import type { Session } from './sessions.ts';

/** Read and sent at once: large enough for the disk, small enough that sixty streams fit in memory. */
const READ_BYTES = 16 * LEAF_BYTES;

export interface FragmentsServiceOptions {
  readonly store: FragmentStore;
  readonly crypto: Crypto;
  readonly daemon: DaemonId;
  readonly receiptSeed: Uint8Array;
  readonly charter: () => Charter;
}

export class FragmentsService {
  readonly #options: FragmentsServiceOptions;
  /** Bytes on their way in, by agency: they count against its quota before they are stored. */
  readonly #coming = new Map<string, number>();

  constructor(options: FragmentsServiceOptions) {
    this.#options = options;
  }

  /** How often this daemon has erased. Nothing erases in this release. */
  get generation(): number {
    return 0;
  }

  /**
   * Takes a fragment in. Faults: RIGHT_MISSING, VAULT_OTHER, AGENCY_SUSPENDED, QUOTA_SPENT, SEGMENT_SHAPE,
   * INDEX_OUTSIDE, DISK_FULL, ROOT_MISMATCH, STREAM_ENDED, DEADLINE.
   */
  async put(
    session: Session,
    header: Extract<BulkHeader, { bulk: 'put' }>,
    stream: ByteStream,
  ): Promise<void> {
    const { store } = this.#options;
    const { segment: descriptor, index } = header;
    const agency = this.#mayStore(session, descriptor);
    const { segment, root, bytes } = this.#name(descriptor, index);
    // What is held already costs nothing: a put taken up again near the quota gets its receipts.
    const held = await store.get({ segment, index });
    const release = held === undefined ? this.#reserve(session, agency, bytes) : () => undefined;
    try {
      const upload = { segment, index, root, bytes, agency: agency.id, vault: descriptor.vault };
      const writer = await store.begin(upload);
      if (!writer.already) await this.#take(writer, bytes, stream);
    } finally {
      release();
    }
    await writeBulkReply(stream, { reply: 'receipt', ...this.#receipt(segment, { index, root, bytes }) });
  }

  async #take(writer: FragmentWriter, bytes: number, stream: ByteStream): Promise<void> {
    try {
      await writeBulkReply(stream, { reply: 'go' });
      for (let left = bytes; left > 0; ) {
        const read = await stream.read(Math.min(left, READ_BYTES));
        await writer.write(read);
        left -= read.length;
      }
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await writer.commit();
  }

  /** A fresh receipt for what is held. Faults: FRAGMENT_MISSING, and those of `put`. */
  async receipt(
    session: Session,
    descriptor: SegmentDescriptor,
    index: number,
  ): Promise<AnswerOf<'receipt'>> {
    this.#mayStore(session, descriptor);
    const { segment, root, bytes } = this.#name(descriptor, index);
    const held = await this.#options.store.get({ segment, index });
    // Reading the leaf hashes shows that the file is there; `scrub` re-reads the bytes themselves.
    if (held !== undefined) await this.#options.store.leafHashes({ segment, index });
    else throw new Fault('refused', 'FRAGMENT_MISSING', 'this daemon does not hold that fragment', { index });
    return this.#receipt(segment, { index, root, bytes });
  }

  /** Leaf hashes, then the bytes of the range. Faults: NOT_ALLOWED, FRAGMENT_MISSING, RANGE_OUTSIDE, NOT_YOURS. */
  async get(
    session: Session,
    header: Extract<BulkHeader, { bulk: 'get' }>,
    stream: ByteStream,
  ): Promise<void> {
    const { store } = this.#options;
    const { segment, index, offset, length } = header;
    if (session.role !== 'device' && session.role !== 'daemon') {
      throw new Fault(
        'refused',
        'NOT_ALLOWED',
        'fragments are read by daemons and by their agency’s devices',
        {
          role: session.role,
        },
      );
    }
    const key = { segment, index };
    const { bytes } = await this.#mayRead(session, key);
    if (offset % LEAF_BYTES !== 0 || offset + length > bytes) {
      throw new Fault(
        'refused',
        'RANGE_OUTSIDE',
        `bytes ${offset} to ${offset + length} of a fragment of ${bytes}`,
        {
          offset,
          length,
          bytes,
        },
      );
    }
    const hashes = await store.leafHashes(key);
    await writeBulkReply(stream, { reply: 'found', bytes });
    await stream.write(hashes);
    for (let done = 0; done < length; ) {
      const read = await store.read(key, offset + done, Math.min(READ_BYTES, length - done));
      await stream.write(read);
      done += read.length;
    }
    await stream.closeWrite();
  }

  /** One leaf and its proof. Faults: FRAGMENT_MISSING, FRAGMENT_DAMAGED, RANGE_OUTSIDE, NOT_YOURS. */
  async leaf(
    session: Session,
    asked: { readonly segment: Uint8Array; readonly index: number; readonly leaf: number },
  ): Promise<AnswerOf<'leaf'>> {
    const { store, crypto } = this.#options;
    const { bytes } = await this.#mayRead(session, asked);
    const hashes = await store.leafHashes(asked);
    const leaves = hashes.length / 32;
    if (asked.leaf >= leaves) {
      throw new Fault('refused', 'RANGE_OUTSIDE', `leaf ${asked.leaf} of ${leaves}`, {
        leaf: asked.leaf,
        leaves,
      });
    }
    const offset = asked.leaf * LEAF_BYTES;
    const leaf = await store.read(asked, offset, Math.min(LEAF_BYTES, bytes - offset));
    return { bytes: leaf, leaves, proof: merkleProof(crypto, hashes, asked.leaf) };
  }

  #name(descriptor: SegmentDescriptor, index: number) {
    checkDescriptor(descriptor);
    const root = descriptor.roots[index];
    if (root === undefined) {
      throw new Fault(
        'refused',
        'INDEX_OUTSIDE',
        `no fragment ${index} in a segment of ${descriptor.roots.length}`,
        {
          index,
        },
      );
    }
    return {
      segment: segmentIdOf(this.#options.crypto, descriptor),
      root,
      bytes: fragmentBytesOf(descriptor),
    };
  }

  #receipt(
    segment: Uint8Array,
    of: { readonly index: number; readonly root: Uint8Array; readonly bytes: number },
  ) {
    const { crypto, daemon, receiptSeed, charter } = this.#options;
    const claim = { charterName: charter().name, segment, ...of, daemon, generation: this.generation };
    return { generation: this.generation, receipt: signReceipt(crypto, claim, receiptSeed) };
  }

  /** The agency whose device may store here now. */
  #mayStore(session: Session, descriptor: SegmentDescriptor): Agency {
    if (session.role !== 'device' || !session.delegation.rights.includes('write')) {
      throw new Fault(
        'refused',
        'RIGHT_MISSING',
        'only a device with the right to write stores fragments',
        {},
      );
    }
    const { agency: id, vault } = session.delegation;
    if (!equalBytes(vault, descriptor.vault)) {
      throw new Fault('refused', 'VAULT_OTHER', 'the segment belongs to another vault than this device', {});
    }
    const charter = this.#options.charter();
    const agency = charter.agencies.find((one) => one.id === id);
    if (agency === undefined) {
      throw new Fault('refused', 'AGENCY_UNKNOWN', `the agency ${id} is not in the charter`, { agency: id });
    }
    if (agency.suspended) {
      throw new Fault(
        'refused',
        'AGENCY_SUSPENDED',
        `the agency ${id} is suspended: it may read, but not store, until the consortium's officers lift that`,
        { agency: id },
      );
    }
    return agency;
  }

  /** Counts an upload against the agency's quota, which is shared out over the k data fragments, until released. */
  #reserve(session: Session, agency: Agency, bytes: number): () => void {
    const { id, quotaBytes } = agency;
    const name = session.role === 'device' ? session.delegation.policy : '';
    const policy = this.#options.charter().policies.find((one) => one.name === name);
    const share = Math.ceil(quotaBytes / (policy?.k ?? 1));
    const held = this.#options.store.totals().byAgency.get(id) ?? 0;
    const coming = (this.#coming.get(id) ?? 0) + bytes;
    if (held + coming > share) {
      throw new Fault('refused', 'QUOTA_SPENT', `the agency ${id} used up its quota of ${quotaBytes} bytes`, {
        agency: id,
        quotaBytes,
        heldHere: held,
      });
    }
    this.#coming.set(id, coming);
    return () => {
      const left = (this.#coming.get(id) ?? 0) - bytes;
      if (left > 0) this.#coming.set(id, left);
      else this.#coming.delete(id);
    };
  }

  async #mayRead(session: Session, key: { readonly segment: Uint8Array; readonly index: number }) {
    const facts = await this.#options.store.get(key);
    if (facts === undefined) {
      throw new Fault('refused', 'FRAGMENT_MISSING', 'this daemon does not hold that fragment', {
        index: key.index,
      });
    }
    if (session.role === 'device' && session.delegation.agency !== facts.agency) {
      throw new Fault('refused', 'NOT_YOURS', 'the fragment belongs to another agency', {});
    }
    return facts;
  }
}
