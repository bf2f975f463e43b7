// A note of the agency's root key, brought to the voting hosters until a quorum has stored it. What one of them answers
// decides nothing: it may lie.

import { asFault, Fault, quorumOf } from '@vauban/core';
import type { ReaderOptions } from '@vauban/ledger';

interface Said {
  readonly hoster: string;
  readonly fault: Fault;
}

/**
 * Resolves when q hosters have stored the note. Faults: a refusal that more of them share than may lie, QUORUM_UNREACHABLE
 * {needed, stored, said: [{hoster, code, message}]}.
 */
export async function acknowledged(
  { voters, charters }: Pick<ReaderOptions, 'voters' | 'charters'>,
  note: Uint8Array,
): Promise<void> {
  const { current } = charters;
  const said: Said[] = [];
  let stored = 0;
  await Promise.all(
    voters().map(async (voter) => {
      try {
        await voter.putNote(note);
        stored += 1;
      } catch (error) {
        said.push({ hoster: voter.hoster, fault: asFault(error) });
      }
    }),
  );
  const needed = quorumOf(current);
  if (stored >= needed) return;
  const refusal = sharedRefusal(said, current.f);
  if (refusal !== undefined) throw refusal;
  const why = said.map(({ hoster, fault: { code, message } }) => ({ hoster, code, message }));
  const words = why.map(({ hoster, code }) => `${hoster}: ${code}`).join(', ');
  const message = `${needed} hosters must store the agency’s note, ${stored} did; ${words || 'nobody else was asked'}`;
  throw new Fault('unreachable', 'QUORUM_UNREACHABLE', message, { needed, stored, said: why });
}

function sharedRefusal(said: readonly Said[], f: number): Fault | undefined {
  const refusals = said.map(({ fault }) => fault).filter(({ kind }) => kind === 'refused');
  return refusals.find(({ code }) => refusals.filter((one) => one.code === code).length > f);
}
