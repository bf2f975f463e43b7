// Four hosters with a vote, of which one may lie, under a charter with all its signatures; their mirrors of the ledger are
// real, and answer as voters in memory. Every key is made by hashing a name.

import { type Charter, memoryFiles, memoryStore, quorumOf, standardDurations } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import {
  CharterChain,
  cosign,
  formatHead,
  formatNote,
  LogStore,
  Mirror,
  type SignedCharter,
  signCharter,
  VoteJournal,
  type Voter,
} from '@vauban/ledger';
import { cosignerOf, membersOf, NOW, publicOf, seedOf } from '../../ledger/test/sample-charter.ts';
import { policyOf } from './segment-setup.ts';
import { VirtualClock } from './virtual-clock.ts';

export { publicOf, seedOf };

export const HOSTERS = ['h1', 'h2', 'h3', 'h4'] as const;
const YEAR_MS = 365 * 86_400_000;

export function charterOf(agencies: Charter['agencies'] = [], name = 'grand-est'): Charter {
  return {
    format: 'vauban/charter/0',
    name,
    version: 1,
    previous: null,
    issued: NOW - 1_000,
    expires: NOW + YEAR_MS,
    epoch: 0,
    f: 1,
    officers: [{ id: 'ana', key: publicOf(`officer ana ${name}`) }],
    officersLying: 0,
    operators: [],
    ...membersOf(HOSTERS),
    agencies,
    policies: [policyOf({ k: 2, m: 1, sitesLost: 1, minSurvives: 1 })],
    durations: standardDurations,
  };
}

export function agencyOf(id: string, rootKey: Uint8Array): Charter['agencies'][number] {
  return { id, name: id, rootKey, quotaBytes: 1e12, suspended: false, policies: ['standard'] };
}

const officers = (charter: Charter) => [{ id: 'ana', seed: seedOf(`officer ana ${charter.name}`) }];

export function chainOf(charter: Charter): CharterChain {
  return new CharterChain(crypto, signCharter(crypto, charter, officers(charter)));
}

/** The next version with the change in it, signed and certified. */
export function advanced(chain: CharterChain, change: Partial<Charter>): SignedCharter {
  const { current, currentHash } = chain;
  const next = { ...current, version: current.version + 1, previous: currentHash, ...change };
  const draft = signCharter(crypto, next, officers(current));
  const { head } = chain.checkDraft(draft);
  const signers = HOSTERS.slice(0, quorumOf(current));
  const signatures = signers.map((hoster) =>
    cosign(crypto, head, cosignerOf(hoster, 0, current.name), NOW / 1_000),
  );
  return { ...draft, certificate: formatNote({ text: formatHead(head), signatures }) };
}

/** A hoster's mirror as a voter, of which a test replaces what it wants. */
export async function voterOf(
  hoster: string,
  charters: CharterChain,
  clock = new VirtualClock(),
): Promise<Voter> {
  const files = memoryFiles();
  await VoteJournal.create(files, 'votes');
  const mirror = new Mirror({
    logs: await LogStore.open(memoryStore(), crypto),
    crypto,
    clock,
    charters,
    voting: {
      hoster,
      epoch: 0,
      cosigner: cosignerOf(hoster, 0, charters.current.name),
      journal: await VoteJournal.open(files, 'votes', crypto),
    },
  });
  await mirror.checkHistory();
  mirror.startVoting();
  return mirror.asVoter() as Voter;
}
