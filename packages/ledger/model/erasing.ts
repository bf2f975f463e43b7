// Claims, release and purge against the re-use of a segment (design 2.8, with the void of 2.5): one segment, its certified
// claim P about to be released by one device, a second device of the vault that claims it with `keep` (K), a daemon that
// wants to erase, a lying purger, four voters.
//
// The holder erases only under a certified purge; a voter cosigns one only when every claim it knows, voted ones included,
// has a certified release, and then refuses new claims; a void takes effect from an entry but never a promise from a voter.
// Holds, whatever the fourth hoster signs: what is acknowledged and not released is not erased; and once its owners want
// it gone, the segment can always be erased without the liar. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIARS, QUORUM, sortGroups, withCertificate } from './rule.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { trees } from './trees.ts';

/** The log of the second device: K, then V (void of K) or R (release of K). */
const HEADS = trees('K', 'KV', 'KR', 'KVR');
const [K, KV, KR, KVR] = [1, 2, 3, 4] as const;

/** Each honest hoster: head of that log, has it promised K (cosigned it unvoided), cosigned P's release, cosigned the purge. */
const WIDTH = 4;
const headOf = (voter: number) => voter * WIDTH;
const promised = (voter: number) => voter * WIDTH + 1;
const releasedP = (voter: number) => voter * WIDTH + 2;
const purged = (voter: number) => voter * WIDTH + 3;
/** Trees the second device has signed; whether it holds the certificate of K; whether the fragment is gone. */
const WRITTEN = HONEST.length * WIDTH;
const HOLDS = WRITTEN + 1;
const ERASED = WRITTEN + 2;

const GONE = 'acknowledged data is erased';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'free-release': {
    about: 'the holder erases as soon as every claim it has heard of is released, without a certified purge',
    breaks: GONE,
  },
  'void-lifts-promise': {
    about: 'a voter that cosigned a claim cosigns the purge once the claim is voided',
    breaks: GONE,
  },
  'certified-claims-only': {
    about:
      'a voter cosigns a purge when all claims it knows to be certified are released, whatever it has voted for',
    breaks: GONE,
  },
};

function build(weak?: string): Rule {
  const covering = (at: State, tree: number) => count((voter) => HEADS.covers(at[headOf(voter)] ?? 0, tree));
  const promises = (at: State) => count((voter) => at[promised(voter)] === 1);
  const releases = (at: State) => Math.max(covering(at, KR), covering(at, KVR));
  const votesP = (at: State) => count((voter) => at[releasedP(voter)] === 1);
  const votesPurge = (at: State) => count((voter) => at[purged(voter)] === 1);
  const both = (one: Step | undefined, other: Step | undefined, can: Step) =>
    one === can ? other : other && one;

  return {
    bytes: ERASED + 1,
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      write(at, can, may);
      for (const voter of HONEST) {
        vote(at, voter, can);
        if (at[releasedP(voter)] === 0) {
          can(
            () => `${hoster(voter)} cosigns the release of P`,
            (to) => (to[releasedP(voter)] = 1),
          );
        }
        if (at[purged(voter)] === 0) {
          cosignsPurge(
            at,
            voter,
            can,
            may,
          )?.(
            () => `${hoster(voter)} knows no claim without a certified release and cosigns the purge`,
            (to) => (to[purged(voter)] = 1),
          );
        }
      }
      if (at[ERASED] === 1) return;
      const allowed = weak === 'free-release' ? votesP(at) : votesPurge(at);
      withCertificate(
        allowed,
        can,
        may,
      )?.(
        () =>
          weak === 'free-release'
            ? 'the holder sees P released and erases'
            : 'the purge is certified: the holder erases',
        (to) => (to[ERASED] = 1),
      );
    },

    never: {
      [GONE]: (at) => at[ERASED] === 1 && promises(at) >= QUORUM - LIARS && releases(at) < QUORUM - LIARS,
    },
    reachable: { 'the segment is erased when all is released': (at) => at[ERASED] === 1 },
    sometimes: {
      'a kept segment, released later and erased': (at) => at[ERASED] === 1 && promises(at) >= QUORUM - LIARS,
      'a void certified by all': (at) => covering(at, KV) === HONEST.length,
    },
  };

  /** The second device. It voids K only without a certificate of K, and releases only what it holds certified. */
  function write(at: State, can: Step, may: Step): void {
    const written = at[WRITTEN] ?? 0;
    const sign = (tree: number, why: string, step: Step | undefined) => {
      if ((written >> tree) & 1) return;
      step?.(
        () => `the second device signs ${HEADS.names[tree]}: ${why}`,
        (to) => (to[WRITTEN] = written | (1 << tree)),
      );
    };
    sign(K, 'it keeps the segment', can);
    const signed = (tree: number) => ((written >> tree) & 1) === 1;
    if (!signed(K)) return;
    if (at[HOLDS] === 0) {
      withCertificate(
        promises(at),
        can,
        may,
      )?.(
        () => 'the second device holds the certificate of K',
        (to) => (to[HOLDS] = 1),
      );
    }
    const refused = HONEST.some(
      (voter) =>
        at[headOf(voter)] === 0 &&
        (at[purged(voter)] === 1 || (at[releasedP(voter)] === 1 && votesP(at) >= QUORUM - LIARS)),
    );
    if (at[HOLDS] === 0 && refused) sign(KV, 'K was refused, so it is voided', can);
    if (at[HOLDS] === 1 && !signed(KV)) sign(KR, 'K is released', can);
    if (signed(KV)) sign(KVR, 'K is released', withCertificate(covering(at, KV), can, may));
  }

  /** A purge cosigned stands against K, unless K comes voided, was cosigned before, or comes under its certificate. */
  function vote(at: State, voter: number, can: Step): void {
    const head = at[headOf(voter)] ?? 0;
    for (const tree of HEADS.signed) {
      if ((((at[WRITTEN] ?? 0) >> tree) & 1) === 0 || tree === head || !HEADS.covers(tree, head)) continue;
      const unvoided = head === 0 && (tree === K || tree === KR);
      if (unvoided && at[purged(voter)] === 1) continue;
      can(
        () => `${hoster(voter)} stores and cosigns ${HEADS.names[tree]}`,
        (to) => {
          to[headOf(voter)] = tree;
          if (unvoided) to[promised(voter)] = 1;
        },
      );
    }
    if (head === 0 && at[purged(voter)] === 1 && at[HOLDS] === 1) {
      can(
        () => `${hoster(voter)} stores K under its certificate`,
        (to) => (to[headOf(voter)] = K),
      );
    }
  }

  /** The step by which a voter may cosign the purge: P, and K if it promised it, must have a certified release. */
  function cosignsPurge(at: State, voter: number, can: Step, may: Step): Step | undefined {
    const p = withCertificate(votesP(at), can, may);
    const voided = weak === 'void-lifts-promise' && HEADS.covers(at[headOf(voter)] ?? 0, KV);
    const unknown = weak === 'certified-claims-only' && at[HOLDS] === 0;
    if (at[promised(voter)] === 0 || voided || unknown) return p;
    return both(p, withCertificate(releases(at), can, may), can);
  }
}

export const erasing: Model = {
  name: 'erasing',
  about: 'release and purge of one segment while a second device claims it, voids that claim, or releases it',
  weakenings: WEAKENINGS,
  build,
};
