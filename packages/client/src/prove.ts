// Proofs of placement, and placement history: what the ledger recorded of a path's segments by a date. Brings this
// machine's copies of the daemons' logs up to date first, since only they say who lost or took over a fragment.

import { asFault, Fault, toHex } from '@vauban/core';
import {
  type DeletionStatement,
  gatherEvidence,
  makeDeletion,
  makeProof,
  originOf,
  type ProofStatement,
  refresh,
} from '@vauban/ledger';
import { type Catalog, type CatalogVersion, neededBy } from './catalog.ts';
import type { Membership } from './membership.ts';
import { Namespace, type NamespaceOptions } from './namespace.ts';
import type { VaultStateDoor } from './vault-state.ts';

/** Format. Origins that one question for heads may name. */
const ORIGINS_MAX = 1_000;

export interface ProveContext {
  readonly membership: Pick<Membership, 'chain' | 'reader'>;
  readonly door: VaultStateDoor;
  readonly namespace: NamespaceOptions;
  readonly onNotice: (fault: Fault) => void;
}

export interface ProveOptions {
  readonly path: string;
  /** State as of this moment, in milliseconds. */
  readonly at: number;
  /** Said in the proof, marked as its maker's word. */
  readonly label?: string;
  readonly signal?: AbortSignal;
}

export interface PlacementProof {
  /** The file (ledger PROOF.md). */
  readonly text: string;
  readonly statement: ProofStatement;
}

/**
 * Proves where the fragments of a path, or of everything below it, stood at a date: of the versions that were live then.
 * Faults: NOT_FOUND, NOTHING_STORED (objects without bytes), NOTHING_RECORDED, those of reading the ledger.
 */
export async function provePlacement(context: ProveContext, options: ProveOptions): Promise<PlacementProof> {
  await followDaemons(context, options.signal);
  const { membership, door, namespace } = context;
  const { crypto } = namespace;
  const { at, label } = options;
  return door.within(async (state) => {
    const then = new Namespace({ ...namespace, until: at });
    await then.follow(state);
    const found = then.catalog.below(options.path);
    if (found.length === 0) {
      const name = options.path === '' ? 'its top' : options.path;
      const message = `the vault held nothing at ${name} on ${new Date(at).toISOString()}`;
      throw new Fault('failure', 'NOT_FOUND', message, { path: options.path, at });
    }
    const segments = segmentsOf(found);
    if (segments.length === 0) throw nothingStored(options.path);
    const evidence = await gatherEvidence({
      crypto,
      logs: state.logs,
      charters: membership.chain,
      segments,
      at,
      ...(label === undefined ? {} : { label }),
      covering: (of) => state.certificates.covering(of),
    });
    return makeProof(crypto, evidence);
  });
}

export interface DeletionProof {
  /** The file (ledger PROOF.md, deletion). */
  readonly text: string;
  readonly statement: DeletionStatement;
}

/**
 * Proves what was given up and erased of all that a path, or everything below it, ever had; of what is not erased yet, that
 * it is not. `catalog`: as new as the answer is to be. Faults: NOT_DELETED (something is there), NOT_FOUND, NOTHING_STORED,
 * those of reading the ledger.
 */
export async function proveDeletion(
  context: ProveContext & { readonly catalog: Catalog },
  { path, at, label, signal }: ProveOptions,
): Promise<DeletionProof> {
  const { catalog, membership, door, namespace } = context;
  const [live] = catalog.below(path);
  if (live !== undefined) {
    const message = `${live.write.path} is not deleted: vauban rm deletes it`;
    throw new Fault('refused', 'NOT_DELETED', message, { path: live.write.path });
  }
  const versions = catalog.everBelow(path).flatMap((one) => catalog.everAt(one));
  if (versions.length === 0) {
    const name = path === '' ? 'its top' : path;
    const message = `this machine knows of nothing that the vault ever held at ${name}`;
    throw new Fault('failure', 'NOT_FOUND', message, { path });
  }
  const segments = neededBy(versions);
  if (segments.length === 0) throw nothingStored(path);
  await followDaemons(context, signal);
  return door.within(async (state) => {
    const evidence = await gatherEvidence({
      crypto: namespace.crypto,
      logs: state.logs,
      charters: membership.chain,
      segments,
      at,
      about: 'deletion',
      ...(label === undefined ? {} : { label }),
      covering: (of) => state.certificates.covering(of),
    });
    return makeDeletion(namespace.crypto, evidence);
  });
}

function nothingStored(path: string): Fault {
  const message = 'nothing there has bytes of its own: its record is in the ledger, and no fragment anywhere';
  return new Fault('refused', 'NOTHING_STORED', message, { path });
}

/** Each segment once, in the order of paths. */
function segmentsOf(versions: readonly CatalogVersion[]): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const { write, pack } of versions) {
    const place = write.content?.in;
    if (place === undefined) continue;
    const ids = 'segments' in place ? place.segments.map(({ id }) => id) : [place.pack ?? pack];
    for (const id of ids) if (id !== null) found.set(toHex(id), id);
  }
  return [...found.values()];
}

/** The newest of all logs that daemons write or wrote; what cannot be had now is said. */
async function followDaemons({ membership, door, namespace, onNotice }: ProveContext, signal?: AbortSignal) {
  const origins = new Set<string>();
  for (const { name, daemons } of membership.chain.versions()) {
    for (const { logKey } of daemons) origins.add(originOf(namespace.crypto, name, logKey));
  }
  const all = [...origins];
  try {
    for (let from = 0; from < all.length; from += ORIGINS_MAX) {
      await door.within(({ logs }) =>
        refresh(membership.reader(logs, signal), {
          of: 'origins',
          origins: all.slice(from, from + ORIGINS_MAX),
        }),
      );
    }
  } catch (error) {
    const fault = asFault(error);
    if (fault.kind !== 'unreachable') throw error;
    const message = `what daemons lost or took over lately may be missing: ${fault.message}`;
    onNotice(new Fault('unreachable', 'NOT_CONFIRMED', message, { because: fault.code }));
  }
}
