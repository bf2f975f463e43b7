// Fragments over the wire: taking one in and giving the receipt, handing bytes out, answering challenges.
// A receipt leaves only after the store says the fragment is durable.

import {
  type Agency,
  type ByteStream,
  type Charter,
  type Crypto,
  equalBytes,
  Fault,
  isFault,
  LEAF_BYTES,
  merkleProof,
} from '@vauban/core';
import { checkDescriptor, fragmentBytesOf, type SegmentDescriptor, segmentIdOf } from '@vauban/ledger';
import { type AnswerOf, type BulkHeader, joinedRuns, type Run, writeBulkReply } from '@vauban/wire';
import { damaged, type FragmentKey } from './fragment-file.ts';
import type { FragmentStore } from './fragment-store.ts';
import type { FragmentWriter } from './fragment-writer.ts';
import type { Receipts } from './receipts.ts';
import type { Foreground } from './repair/pace.ts';
import type { Session } from './sessions.ts';

/** Read and sent at once: large enough for the disk, small enough that sixty streams fit in memory. */
const READ_BYTES = 16 * LEAF_BYTES;

export interface FragmentsServiceOptions {
  readonly store: FragmentStore;
  readonly crypto: Crypto;
  readonly receipts: Receipts;
  readonly charter: () => Charter;
  /** Hears of bytes that come and go for clients: repair makes way. */
  readonly foreground: Pick<Foreground, 'touch'>;
  /** Why no receipt is given now, not even for what is held. */
  readonly vouchRefusal?: () => Fault | undefined;
  /** Hears of fragments that were asked for, and are damaged or not there. */
  readonly troubled?: (key: FragmentKey) => void;
}

interface AskedLeaf extends FragmentKey {
  readonly leaf: number;
}

export class FragmentsService {
  readonly #options: FragmentsServiceOptions;
  /** Bytes on their way in, by agency: they count against its quota before they are stored. */
  readonly #coming = new Map<string, number>();

  constructor(options: FragmentsServiceOptions) {
    this.#options = options;
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
    const receipt = await this.#vouch({ segment, index, root, bytes });
    await writeBulkReply(stream, { reply: 'receipt', ...receipt });
  }

  async #take(writer: FragmentWriter, bytes: number, stream: ByteStream): Promise<void> {
    const { foreground } = this.#options;
    try {
      await writeBulkReply(stream, { reply: 'go' });
      for (let left = bytes; left > 0; ) {
        const read = await stream.read(Math.min(left, READ_BYTES));
        await writer.write(read);
        foreground.touch();
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
    return this.#vouch({ segment, index, root, bytes });
  }

  /** Faults: FRAGMENT_MISSING, FRAGMENT_LEAVING, READ_ONLY. */
  async #vouch(of: Parameters<Receipts['sign']>[0]): Promise<ReturnType<Receipts['sign']>> {
    const { store, receipts, vouchRefusal } = this.#options;
    const refusal = vouchRefusal?.();
    if (refusal !== undefined) throw refusal;
    return store.whileHeld(of, () => receipts.sign(of));
  }

  /** Leaf hashes, then the bytes of the runs. Faults: NOT_ALLOWED, FRAGMENT_MISSING, RANGE_OUTSIDE, NOT_YOURS. */
  get(session: Session, header: Extract<BulkHeader, { bulk: 'get' }>, stream: ByteStream): Promise<void> {
    return this.#orTell(header, () => this.#get(session, header, stream));
  }

  async #get(
    session: Session,
    header: Extract<BulkHeader, { bulk: 'get' }>,
    stream: ByteStream,
  ): Promise<void> {
    const { store, foreground } = this.#options;
    const { segment, index, runs } = header;
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
    for (const run of runs) assertWithin(run, bytes);
    const hashes = await store.leafHashes(key);
    await writeBulkReply(stream, { reply: 'found', bytes });
    await stream.write(hashes);
    for (const [offset, length] of joinedRuns(runs)) {
      for (let done = 0; done < length; ) {
        const read = await store.read(key, offset + done, Math.min(READ_BYTES, length - done));
        await stream.write(read);
        if (session.role === 'device') foreground.touch();
        done += read.length;
      }
    }
    await stream.closeWrite();
  }

  /** One leaf and its proof. Faults: FRAGMENT_MISSING, FRAGMENT_DAMAGED, RANGE_OUTSIDE, NOT_YOURS. */
  leaf(session: Session, asked: AskedLeaf): Promise<AnswerOf<'leaf'>> {
    return this.#orTell(asked, () => this.#leaf(session, asked));
  }

  async #leaf(session: Session, asked: AskedLeaf): Promise<AnswerOf<'leaf'>> {
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
    const hash = hashes.subarray(asked.leaf * 32, (asked.leaf + 1) * 32);
    // Who knows that its disk rotted says so: a wrong leaf would be a lie.
    if (!equalBytes(crypto.leafHashes(leaf, LEAF_BYTES), hash)) throw damaged(asked, 'bytes', asked.leaf);
    return { bytes: leaf, leaves, proof: merkleProof(crypto, hashes, asked.leaf) };
  }

  async #orTell<Result>(key: FragmentKey, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const troubled = isFault(error, 'FRAGMENT_DAMAGED') || isFault(error, 'FRAGMENT_MISSING');
      if (troubled) this.#options.troubled?.({ segment: key.segment, index: key.index });
      throw error;
    }
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

/** Whole leaves of a fragment of `bytes`, or its end: what its leaf hashes vouch for. */
function assertWithin([offset, length]: Run, bytes: number): void {
  const end = offset + length;
  if (offset % LEAF_BYTES === 0 && (end === bytes || (end < bytes && end % LEAF_BYTES === 0))) return;
  throw new Fault('refused', 'RANGE_OUTSIDE', `bytes ${offset} to ${end} of a fragment of ${bytes}`, {
    offset,
    length,
    bytes,
  });
}
