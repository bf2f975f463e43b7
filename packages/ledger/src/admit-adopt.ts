// Admission of entries that one log takes over from another: an `adopt` brings all it needs to be checked, so that a
// voter that holds another branch, or none, can judge it. What the sealed log promised is judged as of then.

import { asFault, type Charter, type Crypto, equalBytes, Fault, verifyMerkleProof } from '@vauban/core';
import { type AdmissionView, admitWriter, deviceOf, type EntryPlace, refuse } from './admission-view.ts';
import { admitKeep } from './admit-claims.ts';
import { admitPlace } from './admit-place.ts';
import type { Adopt } from './adoption.ts';
import { type Head, openCertificate, openCheckpoint, originOf } from './checkpoint.ts';
import { type AdoptedHead, type OpenEntry, openEntry } from './entry.ts';
import { type Delegation, openNoteUnder } from './root-note.ts';
import type { Writer } from './writer.ts';

/**
 * Faults: RIGHT_MISSING, ADOPT_OTHER, VAULT_OTHER, ORIGIN_OTHER, DELEGATION_FORGED, LOG_SIGNATURE, COMMIT_MISMATCH,
 * ADOPT_UNPROVEN, ADOPT_KIND, EVIDENCE_MISSING (the log is not sealed here), ADOPTED_ALREADY, and those of what is
 * adopted.
 */
export async function admitAdopt(view: AdmissionView, at: EntryPlace, adopt: Adopt): Promise<void> {
  const device = deviceOf(at, 'write');
  admitWriter(view, at.writer);
  const { origin, index } = adopt;
  const versions = Array.from({ length: view.current.version }, (_, nth) => view.charterVersion(nth + 1));
  const charters = versions.filter((one) => one !== undefined);
  const { open, writer } = openAdopted(view.crypto, charters, { adopt, by: { origin: at.origin, device } });
  const before = writer.delegation;
  if (!(await view.isSealed({ origin, agency: before.agency }))) {
    throw refuse('EVIDENCE_MISSING', 'the log is not known here as sealed: bring the revocation first', {
      origin,
    });
  }
  if ((await view.adoptedAt({ origin: at.origin, index: at.index }, adopt)) !== undefined) {
    throw refuse('ADOPTED_ALREADY', 'this log has taken the entry over before', { origin, index });
  }
  await admitAdopted(view, at, { open, writer });
}

/** An entry taken over, opened, and who wrote it. */
export interface Adopted {
  readonly open: OpenEntry;
  readonly writer: Writer & { readonly kind: 'device' };
}

/**
 * What an `adopt` proves by itself, under any of the charter versions: who wrote the entry, and that it stands where it
 * is said to. Faults: ADOPT_OTHER, VAULT_OTHER, ORIGIN_OTHER, DELEGATION_FORGED, LOG_SIGNATURE, COMMIT_MISMATCH,
 * ADOPT_UNPROVEN.
 */
export function openAdopted(
  crypto: Crypto,
  charters: readonly Charter[],
  of: { readonly adopt: Adopt; readonly by: { readonly origin: string; readonly device: Delegation } },
): Adopted {
  const { adopt, by } = of;
  const { origin } = adopt;
  const before = delegationOf(crypto, charters, adopt);
  if (before.agency !== by.device.agency || origin === by.origin) {
    throw refuse('ADOPT_OTHER', 'a device takes over what another device of its own agency wrote', {
      origin,
    });
  }
  refuseVault(before, by.device, origin);
  if (originOf(crypto, before.charter, before.deviceKey) !== origin) {
    throw refuse('ORIGIN_OTHER', 'the delegation is not of the log whose entry is taken over', { origin });
  }
  const open = proven(crypto, adopt, before.deviceKey);
  return { open, writer: { kind: 'device', key: before.deviceKey, delegation: before } };
}

/** The delegation under any version: the agency's root key may have been replaced since. */
function delegationOf(crypto: Crypto, charters: readonly Charter[], { note, origin }: Adopt): Delegation {
  const said = openNoteUnder(crypto, charters, note);
  if (said.format === 'vauban/delegate/0') return said;
  throw refuse('ADOPT_OTHER', 'the note names no device', { origin });
}

function refuseVault(before: Delegation, device: Delegation, origin: string): void {
  if (equalBytes(before.vault, device.vault)) return;
  throw refuse('VAULT_OTHER', 'what is taken over belongs to another vault', { origin });
}

/** The entry, after its proof: it stands at that index of a tree whose head its writer signed. */
function proven(crypto: Crypto, adopt: Adopt, key: Uint8Array): OpenEntry {
  const { origin, index, branch, checkpoint, proof, record } = adopt;
  const { root, size, ...head } = openCheckpoint(crypto, checkpoint, key);
  const open = openEntry(crypto, record.entry, record);
  const leafHash = open.leafHash;
  if (
    head.origin === origin &&
    equalBytes(leafHash, branch) &&
    verifyMerkleProof(crypto, { root, leafHash, index, size, proof })
  )
    return open;
  throw refuse('ADOPT_UNPROVEN', 'the entry does not stand where it is said to, in what its writer signed', {
    origin,
    index,
  });
}

async function admitAdopted(view: AdmissionView, at: EntryPlace, { open, writer }: Adopted): Promise<void> {
  const { payload, entry } = open;
  if (!writer.delegation.rights.includes('write')) {
    throw refuse('RIGHT_MISSING', 'the device taken over from had no right to write', { right: 'write' });
  }
  switch (payload.kind) {
    case 'objects':
      return;
    case 'keep':
      return admitKeep(view, at, payload);
    case 'place': {
      // As it had to hold when it was written; what erasing forbids since, it forbids here too.
      const current = view.charterVersion(payload.charter) ?? view.current;
      const then = { ...view, now: entry.time, current };
      return admitPlace(then, { ...at, writer }, { place: payload, time: entry.time });
    }
    default:
      throw refuse('ADOPT_KIND', `a ${payload.kind} entry is not taken over`, { kind: payload.kind });
  }
}

/**
 * The head a successor log starts from. Faults: RIGHT_MISSING, EVIDENCE_MISSING (the log is not known here), ADOPT_OTHER,
 * VAULT_OTHER, CERTIFICATE_SHORT, LOG_SIGNATURE, ADOPT_UNPROVEN.
 */
export async function admitSuccessor(view: AdmissionView, at: EntryPlace, head: AdoptedHead): Promise<void> {
  const device = deviceOf(at, 'write');
  const { origin } = head;
  const before = await view.writerOf(origin);
  if (before === undefined) {
    throw refuse('EVIDENCE_MISSING', 'the log that this one succeeds is not known here', { origin });
  }
  if (before.kind !== 'device' || before.delegation.agency !== device.agency || origin === at.origin) {
    throw refuse('ADOPT_OTHER', 'a log succeeds that of another device of its own agency', { origin });
  }
  refuseVault(before.delegation, device, origin);
  const certified = certifiedHead(view, head, before.key);
  if (certified.origin === origin && certified.size === head.size && equalBytes(certified.root, head.root))
    return;
  throw refuse('ADOPT_UNPROVEN', 'the certificate is of another head than the one to be succeeded', {
    origin,
  });
}

function certifiedHead(view: AdmissionView, { certificate }: AdoptedHead, key: Uint8Array): Head {
  try {
    return openCertificate(view.crypto, view.epochs, certificate, key).head;
  } catch (error) {
    const { code, message, facts } = asFault(error);
    throw new Fault('refused', code, message, facts, error);
  }
}
