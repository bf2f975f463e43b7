// Revoking a device while a voter is replaced (design 2.7 with 2.9): the rule of epochs.ts with one tree the device may
// sign at any time, and the root note `revoke`.
//
// A hoster seals, then reports its branch with its key of the day; q reports of one epoch are needed; a new voter is sent
// root notes and seals along with the heads. Holds, whatever the liar signs: once the reports are in, the device has
// nothing certified that they do not name, in any epoch; and the reports can always be had when the writer has not forked
// (here it cannot) and the voter that leaves sends its list. This is evidence within these bounds, not a proof.

import { epochRule } from './epochs.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { inLetters, trees } from './trees.ts';
import { oneByOne } from './voting-sets.ts';

const CERTIFIES = 'a revoked device certifies';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'heads-without-seals': {
    about: 'a new voter is sent the heads, but neither root notes nor seals',
    breaks: CERTIFIES,
  },
  'reports-of-two-epochs': { about: 'reports signed in different epochs are added up', breaks: CERTIFIES },
};

function build(weak?: string): Rule {
  const heads = trees('A');
  const sealedAt = (member: number) => voting.at.spareOf(member, 0);
  const reported = (member: number) => voting.at.spareOf(member, 1);
  const { rule, voting } = epochRule(
    { hosters: 4, liars: [1, 1], members: oneByOne(3, 1, 1), heads, spare: 2 },
    undefined,
    {
      mayVote: (at, member) => at[sealedAt(member)] === 0,
      sent: (to, source, entrant) => {
        if (weak !== 'heads-without-seals' && to[sealedAt(source)] === 1) to[sealedAt(entrant)] = 1;
      },
    },
  );
  const { epochOf, readyAt, headOf } = voting.at;
  const members = voting.members.map((_, member) => member);
  /** The agency: is `revoke` out; the epoch it takes reports of; the trees reported; has it its quorum. */
  const REVOKED = rule.bytes;
  const EPOCH = REVOKED + 1;
  const BRANCHES = REVOKED + 2;
  const DONE = REVOKED + 3;

  return {
    ...rule,
    bytes: DONE + 1,
    steps: (at, can, may) => {
      rule.steps(at, can, may);
      seal(at, can);
      if (at[REVOKED] === 1 && at[DONE] === 0) report(at, can, may);
    },
    never: {
      ...rule.never,
      [CERTIFIES]: (at) => at[DONE] === 1 && (voting.certified(at) & ~((at[BRANCHES] ?? 0) | 1)) !== 0,
    },
    reachable: { 'the revocation has q reports': (at) => at[DONE] === 1 },
    sometimes: {
      ...rule.sometimes,
      'a new voter that reports': (at) =>
        at[DONE] === 1 && members.some((one) => voting.members[one]?.from === 1 && at[reported(one)] === 1),
    },
  };

  function seal(at: State, can: Step): void {
    if (at[REVOKED] === 0) {
      can(
        () => 'the agency signs `revoke`',
        (to) => (to[REVOKED] = 1),
      );
      return;
    }
    for (const member of members) {
      if (at[sealedAt(member)] === 1 || (at[epochOf(member)] ?? 0) < (voting.members[member]?.from ?? 0))
        continue;
      can(
        () => `${voting.name(member)} reads \`revoke\` and seals the log`,
        (to) => (to[sealedAt(member)] = 1),
      );
    }
  }

  function report(at: State, can: Step, may: Step): void {
    const epoch = at[EPOCH] ?? 0;
    for (const member of members) {
      const now = at[epochOf(member)] ?? 0;
      if (!voting.votesIn(member, now) || at[readyAt(member)] === 0 || at[sealedAt(member)] === 0) continue;
      if (at[reported(member)] === 1) continue;
      if (now !== epoch && weak !== 'reports-of-two-epochs') {
        if (now < epoch) continue;
        can(
          () =>
            `${voting.name(member)} tells the agency of charter ${now + 1}: it asks for all reports again`,
          (to) => {
            to[EPOCH] = now;
            to[BRANCHES] = 0;
            for (const other of members) to[reported(other)] = 0;
          },
        );
        continue;
      }
      const head = at[headOf(member)] ?? 0;
      can(
        () =>
          `${voting.name(member)} reports ${heads.names[head] || 'nothing'}, signed under charter ${now + 1}`,
        (to) => {
          to[reported(member)] = 1;
          to[BRANCHES] = (to[BRANCHES] ?? 0) | (1 << head);
        },
      );
    }
    const reports = members.filter((member) => at[reported(member)] === 1).length;
    if (reports < voting.enough(epoch)) return;
    (reports >= voting.quorum ? can : may)(
      () =>
        `the agency has q reports, the liar's among them: they name ${inLetters(heads, at[BRANCHES] ?? 0)}`,
      (to) => (to[DONE] = 1),
    );
  }
}

export const revocation: Model = {
  name: 'revocation',
  about: 'a device revoked at any moment while one voter of four is replaced, one tree',
  weakenings: WEAKENINGS,
  build,
};
