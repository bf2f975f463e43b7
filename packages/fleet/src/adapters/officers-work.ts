// What officers do with a draft: propose, sign, apply. Composed of the pure parts in `charter/`, a desk and a key; the
// command only prints.

import { readFile, writeFile } from 'node:fs/promises';
import {
  charterHash,
  checkSuccession,
  decodeCharter,
  encodeCharter,
  equalBytes,
  Fault,
  toHex,
} from '@vauban/core';
import { nodeClock, nodeCrypto } from '@vauban/core/node';
import type { DaemonFacts } from '@vauban/daemon';
import type { SignedCharter } from '@vauban/ledger';
import { decisionsOf, parseCharterText } from '../charter/charter-text.ts';
import {
  broughtKeys,
  composeNext,
  type Newcomers,
  type VotersChange,
  votersChange,
  withNewcomers,
} from '../charter/compose.ts';
import {
  decodeDraft,
  DRAFT_BYTES_MAX,
  encodeDraft,
  formatSignatureLine,
  parseSignatureLine,
  withSignatures,
} from '../charter/draft.ts';
import { type AppliedCharter, applyCharter } from './apply-charter.ts';
import type { CharterDesk } from './charter-desk.ts';
import { nextVotingKeys } from './next-voting-keys.ts';
import { openOfficerKey, signOnce } from './officer-key.ts';

/**
 * A draft of the next version, unsigned. `text` as of formatCharterText; without it the present decisions stand.
 * Faults: CHARTER_TEXT, CHARTER_INVALID, those of succession, VOTING_KEY_MISSING, KEY_NEEDED.
 */
export async function proposeCharter(
  desk: CharterDesk,
  of: Newcomers & { readonly text: string | undefined },
): Promise<SignedCharter> {
  const { chain } = desk;
  const edited = of.text === undefined ? decisionsOf(chain.current) : parseCharterText(of.text);
  const nextEpoch = chain.current.epoch + 1;
  const decisions = withNewcomers(edited, of, nextEpoch);
  const renewed = renewedKeys(of.daemons, nextEpoch);
  const change = votersChange(chain.current, decisions, renewed);
  const votingKeys =
    change === undefined
      ? new Map<string, Uint8Array>()
      : new Map([...(await stayingKeys(desk, change)), ...broughtKeys(chain.current, change, of.daemons)]);
  const now = nodeClock.now();
  const charter = composeNext({ chain, decisions, change, votingKeys, now });
  const draft = { body: encodeCharter(charter), signatures: [], certificate: null };
  checkSuccession(chain.current, charter, chain.currentHash);
  return draft;
}

/** Without a key to ask the hosters with there are none: the version then says whose is missing. */
async function stayingKeys(desk: CharterDesk, { staying }: VotersChange): Promise<Map<string, Uint8Array>> {
  return desk.session === undefined ? new Map() : nextVotingKeys(desk.session, staying);
}

/** Voting hosters whose public line brings a key for the epoch to come: their present key is to be replaced. */
function renewedKeys(lines: readonly DaemonFacts[], epoch: number): string[] {
  return lines.flatMap(({ hoster, voting }) => (voting?.epoch === epoch ? [hoster.id] : []));
}

/** Faults: FILE_UNREADABLE (usage), those of decodeDraft. */
export async function readDraft(path: string): Promise<SignedCharter> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const message = `the draft ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw new Fault('usage', 'FILE_UNREADABLE', message, { path });
  });
  if (bytes.length > DRAFT_BYTES_MAX) {
    throw new Fault('refused', 'TOO_LARGE', `${path} is too large for a draft`, {
      path,
      bytes: bytes.length,
    });
  }
  return decodeDraft(new Uint8Array(bytes), path);
}

/**
 * Signs the draft at `path` with an officer's key and adds the signature to the file. `dead`: hex hashes of rival
 * drafts that were abandoned. Faults: those of succession, of openOfficerKey and of signOnce.
 */
export async function signDraft(
  desk: CharterDesk,
  of: { readonly path: string; readonly key: string; readonly dead: ReadonlySet<string> },
): Promise<{ readonly draft: SignedCharter; readonly line: string; readonly officer: string }> {
  const { current, currentHash } = desk.chain;
  const draft = await readDraft(of.path);
  const charter = decodeCharter(draft.body);
  checkSuccession(current, charter, currentHash);
  const key = await openOfficerKey(of.key, [charter, current]);
  const signed = await signOnce(key, draft, of.dead);
  const next = withSignatures(nodeCrypto, draft, [signed]);
  await writeFile(of.path, encodeDraft(next));
  return { draft: next, line: formatSignatureLine(signed), officer: key.officer };
}

/**
 * Brings the draft to the voters with all signatures there are; rewrites the charter file. A draft that is in force
 * already is told to whoever missed it. Faults: OFFICERS_SHORT, SIGNATURE_LINE, SIGNATURE_OTHER, those of applyCharter.
 */
export async function applyDraft(
  desk: CharterDesk,
  of: { readonly path: string; readonly lines: readonly string[] },
): Promise<{ readonly draft: SignedCharter; readonly applied: AppliedCharter; readonly file: string }> {
  const { chain, online } = desk;
  const draft = withSignatures(nodeCrypto, await readDraft(of.path), of.lines.map(parseSignatureLine));
  const { version } = decodeCharter(draft.body);
  const known = chain.hashOf(version);
  if (known !== undefined && equalBytes(known, charterHash(nodeCrypto, draft.body))) {
    return { draft, applied: { cosigned: [], told: 0 }, file: await desk.save() };
  }
  if (known !== undefined) {
    const message = `version ${version} in force is another one (${toHex(known).slice(0, 16)}…): propose anew, on top of it`;
    throw new Fault('refused', 'CHARTER_SKIPPED', message, { version, current: chain.current.version });
  }
  const applied = await applyCharter(online, draft);
  return { draft, applied, file: await desk.save() };
}
