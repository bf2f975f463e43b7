// The officers' desk: the next version of the charter is drafted, signed with the officers' keys at hand, brought to the
// voters until a quorum cosigns, and made known. One draft per number, remembered before anyone sees it: two drafts of
// one number could split the voters for ever.

import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Charter,
  CHARTER_VALIDITY_MS,
  checkSuccession,
  decodeCharter,
  encodeCharter,
  Fault,
  replaceFile,
} from '@vauban/core';
import { keepOwner, nodeClock, nodeCrypto, openFiles } from '@vauban/core/node';
import { encodeCharterFile } from '@vauban/daemon';
import { type CharterChain, decodeSignedCharter, type SignedCharter } from '@vauban/ledger';
import { checkComposed } from '../charter/charter-text.ts';
import { type DraftSignature, encodeDraft, withSignatures } from '../charter/draft.ts';
import { type EpochMoves, openEpoch, stayingVoters } from '../charter/open-epoch.ts';
import { applyCharter } from './apply-charter.ts';
import { CHARTER_FILE, networkRoot, OFFICERS, readKeys } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { nextVotingKeys } from './next-voting-keys.ts';
import { signOnce } from './officer-key.ts';

const DRAFT_FILE = 'draft.cbor';
const LOCK_FILE = 'desk.lock';

/** What a change may ask of the hosters. */
export interface EnactingDesk {
  /** Keys for the next epoch of the hosters named. Faults: VOTING_KEY_MISSING. */
  nextVotingKeys(hosters: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

/**
 * Puts `change(current)` in force as the next version and rewrites the charter file. Version, previous hash and times
 * are filled in here; returning the charter given means nothing is to be done. Returns the chain now in force.
 * Faults: NETWORK_MISSING, NO_KEYS, DESK_BUSY (refused), QUORUM_UNREACHABLE, OFFICERS_SHORT, CHARTER_INVALID,
 * and those of succession.
 */
export async function enactCharter(
  directory: string,
  change: (charter: Charter, desk: EnactingDesk) => Charter | Promise<Charter>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<CharterChain> {
  const root = await networkRoot(directory);
  const session = await NetworkSession.open(root, { as: 'officer', ...options });
  try {
    return await atTheDesk(root, async () => {
      await session.catchUp();
      const left = await readDraft(root);
      if (left !== undefined && decodeCharter(left.body).version === session.charter.version + 1) {
        await enact(session, root, await signedByAll(root, left));
      }
      const { chain } = session;
      const next = await change(chain.current, {
        nextVotingKeys: (hosters) => nextVotingKeys(session, hosters),
      });
      if (next !== chain.current) await enact(session, root, await draft(session, root, next));
      await replaceFile(openFiles(root), CHARTER_FILE, encodeCharterFile(chain.signedFrom(1)));
      return chain;
    });
  } finally {
    await session.close();
  }
}

/** Opens the next epoch with everyone's fresh key. Faults: those of enactCharter, VOTING_KEY_MISSING. */
export function enactEpoch(
  directory: string,
  moves: EpochMoves,
  options: { readonly signal?: AbortSignal } = {},
): Promise<CharterChain> {
  const change = async (charter: Charter, desk: EnactingDesk) =>
    openEpoch(charter, moves, await desk.nextVotingKeys(stayingVoters(charter, moves)));
  return enactCharter(directory, change, options);
}

async function draft(session: NetworkSession, root: string, next: Charter): Promise<SignedCharter> {
  const now = nodeClock.now();
  const charter: Charter = {
    ...next,
    version: session.charter.version + 1,
    previous: session.chain.currentHash,
    issued: now,
    expires: now + CHARTER_VALIDITY_MS,
  };
  checkSuccession(session.charter, checkComposed(charter), session.chain.currentHash);
  const unsigned = { body: encodeCharter(charter), signatures: [], certificate: null };
  // Before any key is used: a key that has signed what nobody has any more could sign nothing else of that number.
  await replaceFile(openFiles(join(root, OFFICERS)), DRAFT_FILE, encodeDraft(unsigned));
  return signedByAll(root, unsigned);
}

/** With every officer's key in the directory, each of which remembers what it signed. Faults: DRAFT_RIVAL. */
async function signedByAll(root: string, unsigned: SignedCharter): Promise<SignedCharter> {
  const signatures: DraftSignature[] = [];
  for (const { id, key } of await readKeys(root, 'officer')) {
    const path = join(root, OFFICERS, `${id}.key`);
    signatures.push(await signOnce({ officer: id, seed: key.seed, path }, unsigned));
  }
  return withSignatures(nodeCrypto, unsigned, signatures);
}

async function enact(session: NetworkSession, root: string, signed: SignedCharter): Promise<void> {
  await applyCharter(session, signed);
  await rm(join(root, OFFICERS, DRAFT_FILE), { force: true });
}

async function readDraft(root: string): Promise<SignedCharter | undefined> {
  const bytes = await readFile(join(root, OFFICERS, DRAFT_FILE)).catch(() => undefined);
  return bytes === undefined ? undefined : decodeSignedCharter(new Uint8Array(bytes));
}

/** One at a time on this machine; a lock left by a process that is gone is taken over. */
async function atTheDesk<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  const path = join(root, OFFICERS, LOCK_FILE);
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600);
      await keepOwner(path);
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(await readFile(path, 'utf8').catch(() => ''));
      if (attempt > 0 || isRunning(owner)) {
        throw new Fault(
          'refused',
          'DESK_BUSY',
          `another change to the charter is under way (process ${owner})`,
          {
            pid: owner,
          },
        );
      }
      await rm(path, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
