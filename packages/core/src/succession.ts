// What may change from one charter version to the next. An ordinary version leaves the voting set alone; changing it
// opens an epoch, under rules that keep an honest hoster in common between any two quorums, old or new (ledger SPEC, epochs).

import { equalBytes, toHex } from './bytes.ts';
import { type Charter, type Hoster, quorumOf, votingHosters, votingKey } from './charter.ts';
import { Fault } from './fault.ts';

/**
 * Whether `next` may follow `current`. Same epoch: voters, their keys and f stay. Next epoch: a fresh key for every voter,
 * at most one voter enters (`votingSince` = that epoch; a voter with another daemon, or whose key or disk was lost, enters
 * anew) and at most one leaves. Keys of versions before `current` are the caller's to compare (`freshKeys`).
 * Faults: CHARTER_SKIPPED, CHARTER_OTHER, VOTERS_CHANGED, EPOCH_SKIPPED, VOTERS_MANY, VOTER_SINCE, VOTING_KEY_USED,
 * QUORUMS_APART.
 */
export function checkSuccession(current: Charter, next: Charter, currentHash: Uint8Array): void {
  if (next.name !== current.name) {
    throw refused('CHARTER_OTHER', `charter ${next.name} does not follow charter ${current.name}`, {
      current: current.name,
      next: next.name,
    });
  }
  const follows = next.previous !== null && equalBytes(next.previous, currentHash);
  if (next.version !== current.version + 1 || !follows) {
    throw refused(
      'CHARTER_SKIPPED',
      `charter version ${next.version} does not follow version ${current.version} that is in force`,
      { current: current.version, next: next.version },
    );
  }
  if (next.epoch === current.epoch) checkSameVoters(current, next);
  else checkEpoch(current, next);
}

/** Public keys, in hex, that `charter` lists for its own epoch's voters. */
export function freshKeys(charter: Charter): string[] {
  return votingHosters(charter).map((one) => toHex(votingKey(one, charter.epoch) as Uint8Array));
}

/** Who enters and who leaves when `next` opens an epoch; who enters anew is in both lists. */
export function votersMoved(
  current: Charter,
  next: Charter,
): { readonly enter: readonly Hoster[]; readonly leave: readonly Hoster[] } {
  const before = votingHosters(current);
  const after = votingHosters(next);
  const stays = (one: Hoster, other: Hoster) => one.id === other.id && other.votingSince !== next.epoch;
  return {
    enter: after.filter((one) => !before.some((was) => stays(was, one))),
    leave: before.filter((was) => !after.some((one) => stays(was, one))),
  };
}

function checkSameVoters(current: Charter, next: Charter): void {
  const votes = (charter: Charter) =>
    JSON.stringify([
      charter.f,
      votingHosters(charter).map((one) => [
        one.id,
        one.voter,
        one.votingSince,
        toHex(votingKey(one, charter.epoch) as Uint8Array),
      ]),
    ]);
  if (votes(current) === votes(next)) return;
  throw refused(
    'VOTERS_CHANGED',
    `version ${next.version} changes who votes, with which key, or how many may lie, but stays in epoch ${current.epoch}: such a change opens epoch ${current.epoch + 1}, with a fresh voting key for everyone`,
    { version: next.version, epoch: current.epoch },
  );
}

function checkEpoch(current: Charter, next: Charter): void {
  const { epoch } = next;
  if (epoch !== current.epoch + 1) {
    throw refused('EPOCH_SKIPPED', `epoch ${epoch} does not follow epoch ${current.epoch} that is in force`, {
      current: current.epoch,
      next: epoch,
    });
  }
  for (const one of votingHosters(next)) {
    const was = votingHosters(current).find(({ id }) => id === one.id);
    if (one.votingSince === epoch || (was?.voter === one.voter && was.votingSince === one.votingSince))
      continue;
    const why =
      was === undefined
        ? 'did not vote before'
        : was.voter === one.voter
          ? `has voted since epoch ${was.votingSince}`
          : 'votes with another daemon';
    throw refused(
      'VOTER_SINCE',
      `${one.id} ${why}: it cannot vote since epoch ${one.votingSince}; whoever is new votes since epoch ${epoch}`,
      { hoster: one.id, votingSince: one.votingSince, epoch },
    );
  }
  const { enter, leave } = votersMoved(current, next);
  if (enter.length > 1 || leave.length > 1) {
    const names = (list: readonly Hoster[]) => list.map(({ id }) => id).join(', ') || 'nobody';
    throw refused(
      'VOTERS_MANY',
      `epoch ${epoch} lets at most one voter enter and one leave; here enter ${names(enter)} and leave ${names(leave)}: change them one epoch after the other`,
      { epoch, enter: enter.map(({ id }) => id), leave: leave.map(({ id }) => id) },
    );
  }
  const known = new Set(current.hosters.flatMap((one) => one.votingKeys.map(({ key }) => toHex(key))));
  for (const one of votingHosters(next)) {
    if (known.has(toHex(votingKey(one, epoch) as Uint8Array))) throw keyUsed(one.id, epoch);
  }
  // Whoever stays holds what it signed, and whoever enters has read it: a certificate of the old set must meet any quorum
  // of the new one in more than can lie. Counted over the old set's size, whoever enters and leaves cancels out.
  const common = quorumOf(current) + quorumOf(next) - votingHosters(current).length;
  if (common <= next.f) {
    throw refused(
      'QUORUMS_APART',
      `with ${next.f} of ${votingHosters(next).length} voters lying after ${current.f} of ${votingHosters(current).length}, a quorum of epoch ${epoch} may share no honest hoster with one of epoch ${current.epoch}: change the number of liars by one, in an epoch in which nobody leaves`,
      { epoch, common, lying: next.f },
    );
  }
}

/** For whoever finds the key in an earlier version. */
export function keyUsed(hoster: string, epoch: number): Fault {
  return refused(
    'VOTING_KEY_USED',
    `the voting key of ${hoster} for epoch ${epoch} was listed before: each epoch needs a fresh key from its hoster`,
    { hoster, epoch },
  );
}

function refused(code: string, message: string, facts: Fault['facts']): Fault {
  return new Fault('refused', code, message, facts);
}
