// Storing a file or a tree: small files into packs, large ones segment by segment, links and empty things as records.
// A file that cannot be read is reported and the others go on; a hoster's refusal ends the run, with what is certified
// certified and nothing half-listed.

import { asFault, Fault, toHex } from '@vauban/core';
import { newContentId, type ObjectWrite, type SealedContent, validateVaultPath } from '@vauban/seal';
import type { Catalog } from './catalog.ts';
import type { Batch, Committer } from './committer.ts';
import { withoutFailed } from './failed-holder.ts';
import type { LocalEntry, LocalSource } from './local-tree.ts';
import { type FilledPack, named, PackBuilder, packedBytesMax } from './pack-builder.ts';
import type { WrittenSegment } from './segment-writer.ts';
import { forgetUpload, placePayload, type Uploaded, type UploadOptions, uploadFile } from './upload.ts';

export interface PutOptions extends UploadOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
}

export interface PutObject {
  readonly path: string;
  readonly size: number;
  /** Hex; of files. */
  readonly sha256: string | null;
  readonly segments: number;
  /** The vault had exactly this already: nothing was sent. */
  readonly unchanged: boolean;
}

export interface PutProblem {
  readonly path: string;
  readonly fault: Fault;
}

export interface PutResult {
  readonly objects: readonly PutObject[];
  readonly problems: readonly PutProblem[];
  readonly bytes: number;
  /** Fragment bytes handed to the network. */
  readonly sentBytes: number;
  /** The code of fewest data shards that something was stored with; null when nothing was. */
  readonly smallestCode: { readonly k: number; readonly m: number } | null;
}

/** Read at once when a file is only hashed. */
const HASH_BYTES = 1 << 20;

/**
 * Stores what the source walks at `path` ('' is the vault's top). Faults: SOURCE_MISSING, VAULT_PATH, TOO_FEW_SITES,
 * QUORUM_UNREACHABLE, and refusals of admission.
 */
export async function put(options: PutOptions, source: LocalSource, path: string): Promise<PutResult> {
  const run = new PutRun(options, source);
  try {
    for await (const entry of source.walk()) {
      options.signal.throwIfAborted();
      const full = [path, entry.path].filter((part) => part !== '').join('/');
      if ('error' in entry) run.problem(full, entry.error);
      // The vault's top needs no record.
      else if (full !== '') await run.entry(entry, full);
    }
    return await run.finish();
  } catch (error) {
    await run.giveUp();
    throw error;
  }
}

class PutRun {
  readonly #options: PutOptions;
  readonly #source: LocalSource;
  readonly #objects: PutObject[] = [];
  readonly #problems: PutProblem[] = [];
  readonly #commits: Promise<void>[] = [];
  readonly #failure = new AbortController();
  #sentBytes = 0;
  #smallestCode: PutResult['smallestCode'] = null;
  /** Fills without a turn: two puts that each waited for one with a pack in hand would wait for ever. */
  #pack:
    | { readonly builder: PackBuilder; readonly memory: Uint8Array; readonly objects: PutObject[] }
    | undefined;
  #memory: Uint8Array | undefined;

  constructor(options: PutOptions, source: LocalSource) {
    this.#options = { ...options, signal: AbortSignal.any([options.signal, this.#failure.signal]) };
    this.#source = source;
  }

  problem(path: string, error: unknown): void {
    const fault = asFault(error);
    this.#problems.push({ path, fault });
  }

  async entry(entry: LocalEntry, path: string): Promise<void> {
    this.#options.signal.throwIfAborted();
    try {
      validateVaultPath(path);
      if (entry.kind === 'file' && entry.size > packedBytesMax(this.#options.policy))
        await this.#large(entry, path);
      else await this.#small(entry, path);
    } catch (error) {
      if (!local(error)) throw error;
      this.problem(path, error);
    }
  }

  async finish(): Promise<PutResult> {
    await this.#sendPack();
    await Promise.all(this.#commits);
    const order = (a: PutObject, b: PutObject) => (a.path < b.path ? -1 : 1);
    const objects = this.#objects.toSorted(order);
    const bytes = objects.reduce((sum, one) => sum + one.size, 0);
    const problems = this.#problems;
    return { objects, problems, bytes, sentBytes: this.#sentBytes, smallestCode: this.#smallestCode };
  }

  /** Stops what is under way; what is certified stays. */
  async giveUp(): Promise<void> {
    this.#failure.abort(new Fault('interrupted', 'GIVEN_UP', 'the put ended early', {}));
    await Promise.allSettled(this.#commits);
  }

  async #small(entry: LocalEntry, path: string): Promise<void> {
    const plain = entry.kind === 'file' ? await this.#readWhole(entry, path) : new Uint8Array(0);
    const sha256 = entry.kind === 'file' ? this.#options.crypto.sha256(plain) : undefined;
    if (this.#same(entry, path, sha256)) return;
    if (this.#pack !== undefined && !this.#pack.builder.fits(plain.length, path)) await this.#sendPack();
    if (this.#pack === undefined) {
      const memory = this.#memory ?? new Uint8Array(this.#options.turns.bytesEach);
      this.#memory = undefined;
      this.#pack = { builder: new PackBuilder(this.#options, memory), memory, objects: [] };
    }
    const { builder, objects } = this.#pack;
    const content = plain.length === 0 ? undefined : builder.seal(plain);
    builder.add(this.#write(entry, path, { sha256, content }));
    objects.push({
      path,
      size: plain.length,
      sha256: sha256 === undefined ? null : toHex(sha256),
      segments: content === undefined ? 0 : 1,
      unchanged: false,
    });
  }

  /** Stores the pack in the background; the next one fills meanwhile. */
  async #sendPack(): Promise<void> {
    const pack = this.#pack;
    this.#pack = undefined;
    if (pack === undefined) return;
    const filled = pack.builder.finish();
    const turn = await this.#options.turns.take(this.#options.signal);
    this.#memory = turn.exchange(pack.memory);
    this.#inBackground(async () => {
      try {
        if (filled.sealed.length === 0) {
          await this.#options.committer.commit({ places: [], changes: filled.changes, index: null });
        } else {
          await this.#storePack(filled);
        }
        this.#objects.push(...pack.objects);
        this.#options.progress(pack.objects.reduce((sum, one) => sum + one.size, 0));
      } finally {
        turn.giveBack();
      }
    });
  }

  async #storePack(filled: FilledPack): Promise<void> {
    const { writer, vault, policy, crypto, signal, committer } = this.#options;
    const seed = crypto.sha256(filled.sealed.subarray(0, 64));
    let known: WrittenSegment | undefined;
    await withoutFailed(writer, async () => {
      const before = known === undefined ? {} : { known };
      const stored = await writer.store({ vault, policy, sealed: filled.sealed, seed, signal, ...before });
      known = stored;
      this.#sentBytes += stored.sentBytes;
      const { index } = filled;
      await committer.commit({
        places: [placePayload(this.#options, stored)],
        changes: filled.changes.map((change) => named(change, stored.segment)),
        index:
          index === null
            ? null
            : {
                pointer: { ...index, in: { pack: stored.segment, ...index.in } },
                sealed: filled.sealed.slice(index.in.offset, index.in.offset + index.in.length),
              },
      });
      this.#codedAs(stored);
    });
  }

  async #large(entry: LocalEntry, path: string): Promise<void> {
    const current = this.#options.catalog.get(path)?.write;
    if (current?.size === entry.size && this.#same(entry, path, await this.#hash(entry))) {
      await forgetUpload(this.#options, this.#source, { entry, path });
      return;
    }
    let first: Uploaded | undefined = await uploadFile(this.#options, this.#source, { entry, path });
    this.#inBackground(() =>
      withoutFailed(this.#options.writer, async () => {
        // Goes through the whole file once more, but sends only what a failed holder was to have.
        const again = { ...this.#options, progress: () => undefined };
        const uploaded = first ?? (await uploadFile(again, this.#source, { entry, path }));
        first = undefined;
        await this.#commitLarge(entry, path, uploaded);
      }),
    );
  }

  async #commitLarge(entry: LocalEntry, path: string, uploaded: Uploaded): Promise<void> {
    const { content, sha256, size, places, sentBytes, done, later } = uploaded;
    this.#sentBytes += sentBytes;
    for (const place of places) this.#codedAs(place);
    const change = this.#write(entry, path, { sha256, content });
    try {
      const index = await commitOne(this.#options, { change, claims: places });
      if (index !== null) {
        this.#codedAs(index);
        this.#sentBytes += index.sentBytes;
      }
    } catch (error) {
      await later();
      throw error;
    }
    await done();
    this.#objects.push({ path, size, sha256: toHex(sha256), segments: places.length, unchanged: false });
  }

  #codedAs({ k, m }: { readonly k: number; readonly m: number }): void {
    if (this.#smallestCode === null || k < this.#smallestCode.k) this.#smallestCode = { k, m };
  }

  #inBackground(work: () => Promise<void>): void {
    const running = work().catch((error: unknown) => {
      this.#failure.abort(error);
      throw error;
    });
    running.catch(() => undefined);
    this.#commits.push(running);
  }

  /** Whether the vault has this already; if so it is listed as unchanged and nothing is sent. */
  #same(entry: LocalEntry, path: string, sha256: Uint8Array | undefined): boolean {
    const current = this.#options.catalog.get(path)?.write;
    if (
      current === undefined ||
      current.kind !== entry.kind ||
      current.size !== (entry.kind === 'file' ? entry.size : 0)
    )
      return false;
    if (current.mode !== entry.mode || current.target !== entry.target) return false;
    if (sha256 !== undefined && (current.sha256 === undefined || toHex(sha256) !== toHex(current.sha256)))
      return false;
    this.#objects.push({
      path,
      size: current.size,
      sha256: sha256 === undefined ? null : toHex(sha256),
      segments: segmentsOf(current.content),
      unchanged: true,
    });
    this.#options.progress(current.size);
    return true;
  }

  #write(
    entry: LocalEntry,
    path: string,
    of: { readonly sha256: Uint8Array | undefined; readonly content: SealedContent | undefined },
  ): ObjectWrite {
    const { catalog, random } = this.#options;
    const before = catalog.versions(path).map(({ write }) => write);
    return {
      kind: entry.kind,
      path,
      object: before[0]?.object ?? newContentId(random),
      version: newContentId(random),
      parents: before.map(({ version }) => version),
      size: entry.kind === 'file' ? entry.size : 0,
      modified: entry.modified,
      mode: entry.mode,
      ...(of.sha256 === undefined ? {} : { sha256: of.sha256 }),
      ...(of.content === undefined ? {} : { content: of.content }),
      ...(entry.target === undefined ? {} : { target: entry.target }),
    };
  }

  async #readWhole(entry: LocalEntry, path: string): Promise<Uint8Array> {
    const reader = await this.#source.open(entry);
    try {
      const bytes = new Uint8Array(entry.size + 1);
      const read = await reader.read(bytes);
      const now = await reader.stamp();
      if (read !== entry.size || now.modified !== entry.modified) {
        throw new Fault('failure', 'SOURCE_CHANGED', `${path} changed while it was read; it was not stored`, {
          path,
        });
      }
      return bytes.subarray(0, read);
    } finally {
      await reader.close();
    }
  }

  async #hash(entry: LocalEntry): Promise<Uint8Array> {
    const reader = await this.#source.open(entry);
    try {
      const hasher = this.#options.crypto.sha256Stream();
      const bytes = new Uint8Array(HASH_BYTES);
      for (let read = await reader.read(bytes); read > 0; read = await reader.read(bytes)) {
        this.#options.signal.throwIfAborted();
        hasher.update(bytes.subarray(0, read));
      }
      return hasher.digest();
    } finally {
      await reader.close();
    }
  }
}

/** What a change of any length is committed with. */
export type CommitOptions = Pick<
  PutOptions,
  'crypto' | 'random' | 'clock' | 'charter' | 'policy' | 'vault' | 'writer' | 'turns' | 'committer' | 'signal'
>;

/**
 * One change of any length, with its claims: a record that is too long for an entry goes into an index of its own, whose
 * segment it resolves with.
 */
export async function commitOne(
  options: CommitOptions,
  { change, claims }: { readonly change: ObjectWrite; readonly claims: Batch['places'] },
): Promise<WrittenSegment | null> {
  const { committer, turns, signal, writer, vault, policy, crypto } = options;
  // 33 bytes an id and up to 5 its length: a thousand segments fit an entry.
  if (segmentsOf(change.content) < 1_000) {
    await committer.commit({ places: claims, changes: [change], index: null });
    return null;
  }
  const turn = await turns.take(signal);
  try {
    const builder = new PackBuilder(options, turn.bytes);
    builder.add(change);
    const filled = builder.finish();
    const seed = crypto.sha256(filled.sealed.subarray(0, 64));
    const stored = await writer.store({ vault, policy, sealed: filled.sealed, seed, signal });
    const pointer =
      filled.index === null ? null : { ...filled.index, in: { pack: stored.segment, ...filled.index.in } };
    await committer.commit({
      places: [...claims, placePayload(options, stored)],
      changes: [change],
      index: pointer === null ? null : { pointer, sealed: filled.sealed.slice() },
    });
    return stored;
  } finally {
    turn.giveBack();
  }
}

function segmentsOf(content: SealedContent | undefined): number {
  if (content === undefined) return 0;
  return 'segments' in content.in ? content.in.segments.length : 1;
}

/** Faults of one file of the agency's own: the others go on. */
function local(error: unknown): boolean {
  if (error instanceof Fault)
    return ['SOURCE_CHANGED', 'SOURCE_UNREADABLE', 'SOURCE_NAME', 'VAULT_PATH', 'OBJECT_CHANGE'].includes(
      error.code,
    );
  const code = (error as { code?: unknown }).code;
  return (
    typeof code === 'string' &&
    ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'EIO', 'ESTALE', 'ENXIO'].includes(code)
  );
}
