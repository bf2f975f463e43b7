// Histories made by hand for the judges: a charter of nine hosters, logs with whatever entries a test wants certified,
// and messages as they travel.

import { type Charter, concat, decodeCharter, encodeCbor, memoryFiles, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  cosign,
  formatHead,
  formatNote,
  formatSignature,
  type Head,
  makeEntry,
  NO_PREVIOUS,
  type Payload,
  signCheckpoint,
} from '@vauban/ledger';
import type { Checker, End, Told } from '../src/checker.ts';
import { Evidence } from '../src/checkers/evidence.ts';
import { rootOf } from '../src/checkers/tree.ts';
import { foundCharter, hosterIdentities } from '../src/membership.ts';
import { fromBase64 } from '@vauban/core';

export const crypto = nodeCrypto;
export const members = hosterIdentities(crypto, 0);
export const charter: Charter = decodeCharter(foundCharter(crypto, 0, members, []).body);
export const VAULT = crypto.sha256(utf8('vault'));
const writerSeed = crypto.sha256(utf8('writer'));
const writer = { seed: writerSeed, publicKey: crypto.ed25519Public(writerSeed) };
const NOW = 1_790_000_000_000;

/** As a map that any payload schema may be: judges read whatever was certified. */
export type Said = { readonly kind: string; readonly [key: string]: unknown };

/** One writer's log as a test wants it. */
export class HandLog {
  readonly origin: string;
  readonly entries: Uint8Array[] = [];
  readonly #records: { entry: Uint8Array; salt: Uint8Array; payload: Uint8Array }[] = [];
  #previous: Uint8Array = NO_PREVIOUS;

  constructor(name: string) {
    this.origin = `world/${name}`;
  }

  add(...payloads: readonly Said[]): this {
    for (const said of payloads) {
      const salt = crypto.sha256(utf8(`${this.origin} ${this.entries.length}`));
      const of = { previous: this.#previous, time: NOW, payload: said as unknown as Payload, salt };
      const made = makeEntry(crypto, of);
      this.#previous = made.leafHash;
      this.entries.push(made.entry);
      this.#records.push({ entry: made.entry, salt, payload: encodeCbor(said) });
    }
    return this;
  }

  head(size: number = this.entries.length): Head {
    const root = fromBase64(rootOf(crypto, this.entries.slice(0, size))) as Uint8Array;
    return { origin: this.origin, size, root };
  }

  /** The log as a hoster hands it out. */
  held(daemon: string, size: number = this.entries.length): End['logs'][number] {
    const checkpoint = signCheckpoint(crypto, this.head(size), writer);
    return {
      daemon,
      origin: this.origin,
      size,
      checkpoint,
      certificate: null,
      entries: this.entries.slice(0, size),
    };
  }

  certificate(size?: number, cosigners: readonly string[] = six): string {
    const signatures = cosigners.map((name) =>
      cosign(crypto, this.head(size), cosignerOf(name), NOW / 1_000),
    );
    return formatNote({ text: formatHead(this.head(size)), signatures });
  }

  /** `ask append` of everything, with a certificate or none. */
  append(certificate: string | null = null): Uint8Array {
    const checkpoint = signCheckpoint(crypto, this.head(), writer);
    const append = { origin: this.origin, oldSize: 0, checkpoint, records: this.#records };
    return encodeCbor({ ask: 'append', append, certificate });
  }

  /** `answer append`: a cosignature. */
  vote(name: string): Uint8Array {
    const line = formatSignature(cosign(crypto, this.head(), cosignerOf(name), NOW / 1_000)).trimEnd();
    const answer = { result: 'cosigned', cosignature: line };
    return encodeCbor({ ok: true, version: 1, answer });
  }
}

export const six = members.slice(0, 6).map(({ name }) => name);
const names = members.map(({ name }) => name);

export function cosignerOf(name: string) {
  const seed = members.find((one) => one.name === name)?.votingSeed as Uint8Array;
  return { name: `world/${name}/1`, seed, publicKey: crypto.ed25519Public(seed) };
}

/** A device's genesis, as its delegation says. */
export function genesis(vault: Uint8Array = VAULT): Said {
  const body = encodeCbor({ format: 'vauban/delegate/0', vault, policy: 'standard' });
  return { kind: 'genesis', writer: 'device', note: encodeCbor([body, new Uint8Array(64)]), adopts: null };
}

export function daemonGenesis(name: string): Said {
  const id = members.find((one) => one.name === name)?.daemon ?? '';
  return { kind: 'genesis', writer: 'daemon', daemon: daemonBytes(id) };
}

export function daemonBytes(id: string): Uint8Array {
  return Uint8Array.from(id.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
}

/** A judge with what it is told of. */
export interface Bench {
  readonly evidence: Evidence;
  readonly checker: Checker;
  saw(from: string, to: string, body: Uint8Array): void;
  /** The log on the wire, and its certificate. */
  certify(log: HandLog, size?: number): void;
  told(event: Told): void;
  /** Judges the end: `held` by these hosters, everyone up unless told otherwise. */
  verdict(of: { readonly logs: End['logs']; readonly down?: readonly string[] }): Promise<void>;
}

export function bench(make: (evidence: Evidence) => Checker): Bench {
  const evidence = new Evidence({ crypto, charter: () => charter });
  const judge = make(evidence);
  const disks = new Map(names.map((name) => [name, memoryFiles()]));
  const saw = (from: string, to: string, body: Uint8Array) => evidence.saw({ from, to, body });
  const lying = new Set<string>();
  return {
    evidence,
    checker: judge,
    saw,
    certify(log, size) {
      saw('agency', 'metz', log.append());
      saw(
        'agency',
        'metz',
        encodeCbor({ ask: 'certify', origin: log.origin, certificate: log.certificate(size) }),
      );
    },
    told(event) {
      if (event.of === 'lies') lying.add(event.hoster);
      judge.told?.(event, 0);
    },
    async verdict({ logs, down = [] }) {
      const hosters = names.map((name) => ({
        name,
        honest: !lying.has(name),
        state: down.includes(name) ? ('burnt' as const) : ('voting' as const),
        files: disks.get(name) as ReturnType<typeof memoryFiles>,
      }));
      await judge.judge?.({ crypto, charter, logs, hosters });
    },
  };
}

/** Everyone holds all of it. */
export function heldByAll(...logs: readonly HandLog[]): End['logs'] {
  return logs.flatMap((log) => names.map((name) => log.held(name)));
}

const PLACED = { code: 'rs', k: 6, m: 3, cellBytes: 16_384, stripes: 1, lastCellBytes: 1_024 } as const;

/** A place of one segment on nine hosters, each with its receipt, and the bytes they hold. */
export function placeOn(holders: readonly string[] = names, change: { readonly receipts?: number } = {}) {
  const bytes = PLACED.lastCellBytes;
  const shards = Array.from({ length: 9 }, (_, at) => new Uint8Array(bytes).fill(at + 1));
  const roots = shards.map((shard) => crypto.sha256(Uint8Array.of(0), shard));
  const { code, k, m, cellBytes, stripes, lastCellBytes } = PLACED;
  const fields = [VAULT, code, k, m, cellBytes, stripes, lastCellBytes, roots];
  const segment = crypto.sha256(utf8('vauban/segment/0\n'), encodeCbor(fields));
  const fragments = roots.map((root, index) => {
    const holder = members.find(({ name }) => name === holders[index]);
    if (holder === undefined || index >= (change.receipts ?? 9)) return [root];
    const id = daemonBytes(holder.daemon);
    const said = encodeCbor(['world', segment, index, root, bytes, id, 0]);
    const message = crypto.sha256(concat(utf8('vauban/receipt/0\n'), said));
    return [root, id, 0, crypto.ed25519Sign(holder.receiptSeed, message)];
  });
  const place = { kind: 'place', segment, charter: 1, vault: VAULT, ...PLACED, retainUntil: NOW, fragments };
  return { place, segment, shards };
}
