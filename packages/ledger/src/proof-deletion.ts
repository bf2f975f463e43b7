// Proofs of deletion: who gave up which claims on segments, and which holders certified that they erase them (PROOF.md,
// section 6). The evidence, its checks and most of the words are those of placement proofs.

import { type Crypto, Fault, toHex } from '@vauban/core';
import { openAdopted } from './admit-adopt.ts';
import { effectOf } from './adoption.ts';
import type { OpenEntry } from './entry.ts';
import { speaksOf } from './proof-check.ts';
import { checkDocument, type DocumentKind, makeDocument, type Proven } from './proof-document.ts';
import { DELETION_FORMAT, type ProofEvidence, writeEvidence } from './proof-evidence.ts';
import { endsClaimOrCopy } from './proof-gather.ts';
import { notVoided, type ProvenLogEntries } from './proof-segments.ts';
import type { EntryName, ProofStatement, ProvenHolding, ProvenSegment } from './proof-statement.ts';
import { entryName, headLines, holdingLines } from './proof-words.ts';

/** An entry by which something ends. `voidExcluded`: no later entry below its head cancels it. */
export interface ProvenEnd extends EntryName {
  readonly voidExcluded: boolean;
}

/** A vault's hold on the segment. */
export interface ProvenClaim extends EntryName {
  /** `adopt`: one taken over from a sealed log. */
  readonly kind: 'place' | 'keep' | 'adopt';
  readonly vault: string;
  readonly released: ProvenEnd | null;
}

export interface ProvenPurge extends ProvenEnd {
  readonly daemon: string;
}

export interface DeletedSegment extends ProvenSegment {
  readonly claims: readonly ProvenClaim[];
  readonly purges: readonly ProvenPurge[];
}

export interface DeletionStatement extends Omit<ProofStatement, 'segments'> {
  readonly format: typeof DELETION_FORMAT;
  /** Every claim is given up, and nobody is recorded any more as holding anything. */
  readonly finished: boolean;
  readonly segments: readonly DeletedSegment[];
}

/** Holders of a segment that have not erased it, as recorded; those the charter dropped are among them. */
export function notErased(
  segment: ProvenSegment,
): readonly (ProvenHolding & { readonly fragment: number })[] {
  return segment.fragments.flatMap(({ index, holdings }) =>
    holdings
      .filter(({ until }) => until === null || until.kind === 'charter')
      .map((one) => ({ ...one, fragment: index })),
  );
}

export function isFinished({ claims, ...segment }: DeletedSegment): boolean {
  return claims.every(({ released }) => released !== null) && notErased(segment).length === 0;
}

/** What a proof of deletion proves under a charter root. Faults: those of `checkProof`, RIGHT_MISSING, VAULT_OTHER. */
export function checkDeletion(crypto: Crypto, file: Uint8Array, root: string): Promise<DeletionStatement> {
  return checkDocument(crypto, deletion, { file, root });
}

/** The file that proves the evidence, finished or not, and what it says. Faults: as `checkDeletion`. */
export function makeDeletion(
  crypto: Crypto,
  evidence: ProofEvidence,
): Promise<{ readonly text: string; readonly statement: DeletionStatement }> {
  return makeDocument(crypto, deletion, evidence);
}

const deletion: DocumentKind<DeletionStatement> = {
  format: DELETION_FORMAT,
  isAbout: (open, { about }) => {
    if (speaksOf(open, about.segments)) return true;
    const { payload } = open;
    if (payload.kind !== 'release') return claimedBy(open).some((id) => about.segments.has(id));
    const named = new Set(payload.claims.map(([origin, index]) => `${origin} ${index}`));
    return about.opened.some(({ origin, entries }) =>
      entries.some(
        (one) =>
          one.open !== undefined &&
          named.has(`${origin} ${one.index}`) &&
          claimedBy(one.open).some((id) => about.segments.has(id)),
      ),
    );
  },
  isAnchor: endsClaimOrCopy,
  state: (proven) => {
    const segments = proven.statement.segments.map((one) => withEnds(proven, one));
    const finished = segments.every(isFinished);
    return { ...proven.statement, format: DELETION_FORMAT, finished, segments };
  },
  write: (statement, evidence) =>
    `${deletionWordsOf(statement)}\n${writeEvidence(evidence, DELETION_FORMAT)}`,
};

/** Segments, in hex, that an entry claims. */
function claimedBy({ payload }: OpenEntry): readonly string[] {
  const effect = effectOf(payload);
  if (effect.kind === 'place') return [toHex(effect.segment)];
  return effect.kind === 'keep' ? effect.segments.map(toHex) : [];
}

function withEnds(proven: Proven, segment: ProvenSegment): DeletedSegment {
  const claims: ProvenClaim[] = [];
  const purges: ProvenPurge[] = [];
  for (const log of proven.opened) {
    for (const { index, time, open } of log.entries) {
      if (open === undefined) continue;
      const name: EntryName = { log: log.log, index, time };
      if (claimedBy(open).includes(segment.segment)) {
        claims.push(claimOf(proven, { log, open, name, segment }));
      } else if (open.payload.kind === 'purge' && log.writer.kind === 'daemon') {
        if (!open.payload.segments.some((id) => toHex(id) === segment.segment)) continue;
        purges.push({ ...name, daemon: log.writer.daemon, voidExcluded: notVoided(log, index) });
      }
    }
  }
  return { ...segment, claims, purges };
}

function claimOf(
  { crypto, chain, opened }: Proven,
  of: {
    readonly log: ProvenLogEntries;
    readonly open: OpenEntry;
    readonly name: EntryName;
    readonly segment: ProvenSegment;
  },
): ProvenClaim {
  const { log, open, name } = of;
  const { payload } = open;
  const device = deviceOf(log, name.index);
  // Places were judged before: by the rules of admission, or as taken over.
  if (payload.kind === 'adopt') {
    openAdopted(crypto, chain.versions(), { adopt: payload, by: { origin: log.origin, device } });
  }
  const vault = toHex(device.vault);
  const kind = payload.kind === 'adopt' || payload.kind === 'keep' ? payload.kind : 'place';
  for (const other of opened) {
    for (const { index, time, open: entry } of other.entries) {
      if (entry?.payload.kind !== 'release') continue;
      if (!entry.payload.claims.some(([origin, at]) => origin === log.origin && at === name.index)) continue;
      const writer = deviceOf(other, index);
      if (!writer.rights.includes('delete')) throw rightMissing(other, index);
      if (toHex(writer.vault) !== vault) {
        const message = `entry ${index} of ${other.origin} gives up a claim of another vault`;
        throw new Fault('integrity', 'VAULT_OTHER', message, { origin: other.origin, index });
      }
      const released = { log: other.log, index, time, voidExcluded: notVoided(other, index) };
      return { ...name, kind, vault, released };
    }
  }
  return { ...name, kind, vault, released: null };
}

function deviceOf(log: ProvenLogEntries, index: number) {
  if (log.writer.kind !== 'device') throw rightMissing(log, index);
  return log.writer.delegation;
}

function rightMissing({ origin }: ProvenLogEntries, index: number): Fault {
  const message = `whoever wrote entry ${index} of ${origin} has no right to`;
  return new Fault('integrity', 'RIGHT_MISSING', message, { origin, index });
}

const PROVEN = `What this proves, if the file checks under the charter root above

  Its officers, and from version 2 on its hosters too, put each charter version
  in this file in force.
  The device named gave up its vault's claim on the segment. The hosters named
  with its log signed, at the times given, that they had stored that.
  Each daemon whose holding ends with a purge signed in its own log that it
  erases the segment. Hosters sign such an entry only when they know every
  claim as given up, the retention as over and the grace as passed; from then
  on they refuse whatever would place, keep or take over the segment again.

What it does not prove

  A signature proves what a daemon said, not that no copy is left on a disk, a
  tape or in a memory. What it kept is ciphertext, of no use without the
  agency's keys.
  A holding that ends with «lost» was declared lost by its daemon, one that
  ends with «trim» was erased while another holder had the same fragment.
  It shows what its maker knew and chose to show, up to the heads above. A
  claim or a holder that is left out is not in it: ask the hosters.
  Segments are ciphertext. Which files they held is their owner's word.
`;

/** The first part of the file. */
export function deletionWordsOf(statement: DeletionStatement): string {
  const lines = headLines(statement, {
    format: DELETION_FORMAT,
    title: 'What was given up and erased, as its holders signed and the hosters recorded it',
  });
  lines.push(
    '',
    statement.finished ? 'FINISHED: all of it is given up and erased' : 'NOT FINISHED: see below',
  );
  for (const [nth, segment] of statement.segments.entries())
    lines.push('', ...segmentLines(nth + 1, segment));
  return `${lines.join('\n')}\n\n${PROVEN}`;
}

function segmentLines(nth: number, segment: DeletedSegment): string[] {
  const { k, m, claims, purges } = segment;
  const left = notErased(segment);
  const held = claims.filter(({ released }) => released === null).length;
  const lines = [
    `segment ${nth}  ${segment.segment}`,
    `  vault ${segment.vault}`,
    `  ${segment.code}: any ${k} of its ${k + m} fragments of ${segment.fragmentBytes} bytes rebuilt it`,
    `  claims not given up: ${held} of ${claims.length}; fragments not erased: ${left.length}`,
  ];
  for (const claim of claims) {
    lines.push(`  claimed by ${entryName(claim)} (${claim.kind})`);
    if (claim.released === null) lines.push('    not given up');
    else lines.push(`    given up by ${entryName(claim.released)}`, voidLine(claim.released));
  }
  for (const purge of purges) {
    lines.push(`  erased by daemon ${purge.daemon}`, `    with ${entryName(purge)}`, voidLine(purge));
  }
  for (const { index, root, holdings } of segment.fragments) {
    lines.push(`  fragment ${index}  root ${root}`);
    if (holdings.length === 0) lines.push('    nobody is recorded as holding it');
    for (const holding of holdings) lines.push(...holdingLines(holding));
  }
  return lines;
}

const voidLine = ({ voidExcluded }: ProvenEnd): string =>
  voidExcluded
    ? '    no later entry below that head cancels it'
    : '    that no later entry cancels it is not shown here';
