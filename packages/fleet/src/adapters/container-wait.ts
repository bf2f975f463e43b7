// Waiting until daemons in containers serve, asked over the network like anybody would.

import { asFault, Fault, quorumOf, votingHosters } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import type { Stage } from '../stage.ts';
import type { DaemonPlace } from './layout.ts';
import { NetworkSession } from './network-session.ts';

/** A minute is usual on a machine that does much else, with nine of them starting at once. */
const WITHIN_MS = 180_000;
const POLL_MS = 250;
const ASK_MS = 3_000;

export interface ServingOptions {
  readonly directory: string;
  readonly places: readonly DaemonPlace[];
  readonly look: Stage['look'];
  readonly signal: AbortSignal;
}

/** Faults: DAEMONS_NOT_READY, with what each says or fails with. */
export async function waitServing({ directory, places, look, signal }: ServingOptions): Promise<void> {
  const session = await NetworkSession.open(directory, { as: 'operator', deadlineMs: ASK_MS, signal });
  const waiting = new Map(places.map((place) => [place.id, place]));
  const why = new Map<string, string>();
  /** Undefined once it serves. A voter that still reads what others hold does so only where enough of them run. */
  const reasonOf = async ({ id }: DaemonPlace, quorum: boolean): Promise<string | undefined> => {
    try {
      const { silent } = await session.ask(id, 'status', {});
      return silent?.code === 'VOTER_STARTING' && quorum ? silent.message : undefined;
    } catch (error) {
      return asFault(error).message;
    }
  };
  try {
    const until = nodeClock.monotonic() + WITHIN_MS;
    for (;;) {
      signal.throwIfAborted();
      const { running } = await look();
      const quorum = hasQuorum(session, running);
      await Promise.all(
        [...waiting.values()].map(async (place) => {
          const reason = await reasonOf(place, quorum);
          if (reason === undefined) waiting.delete(place.id);
          else why.set(place.facts.site.id, reason);
        }),
      );
      if (waiting.size === 0) return;
      if (nodeClock.monotonic() > until) break;
      await nodeClock.sleep(POLL_MS, signal);
    }
  } finally {
    await session.close();
  }
  const problems = [...waiting.values()].map(({ facts }) => `${facts.site.id}: ${why.get(facts.site.id)}`);
  const message = `${problems.length} containers do not serve after ${WITHIN_MS / 60_000} minutes:\n  ${problems.join('\n  ')}`;
  throw new Fault('failure', 'DAEMONS_NOT_READY', message, { problems });
}

function hasQuorum({ charter }: NetworkSession, running: ReadonlySet<string>): boolean {
  const at = new Map(charter.daemons.map(({ id, site }) => [id, site]));
  const voters = votingHosters(charter).filter(({ voter }) => running.has(at.get(voter ?? '') ?? ''));
  return voters.length >= quorumOf(charter);
}
