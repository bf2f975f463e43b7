// A version that its officers have signed is brought to the voters of the version before it; once a quorum has cosigned,
// it is in force, and every daemon that answers is told.

import { asFault, compareBytes, Fault, quorumOf, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  checkCosignature,
  formatHead,
  formatNote,
  type NoteSignature,
  parseSignature,
  type SignedCharter,
} from '@vauban/ledger';
import type { NetworkSession } from './network-session.ts';

export interface AppliedCharter {
  /** Hosters whose cosignatures put it in force. */
  readonly cosigned: readonly string[];
  /** Daemons that know it now; the others hear of it from them. */
  readonly told: number;
}

/**
 * Extends the session's chain by `signed`. Repeating it after a failure is harmless: a voter signs the same body again.
 * Faults: those of CharterChain.checkDraft; what the voters refused, when those who refuse are enough to prevent it;
 * QUORUM_UNREACHABLE.
 */
export async function applyCharter(session: NetworkSession, signed: SignedCharter): Promise<AppliedCharter> {
  const { chain } = session;
  const under = chain.current;
  const { head } = chain.checkDraft(signed);
  const failed = new Map<string, Fault>();
  const lines = new Map<string, NoteSignature>();
  const voters = session.voters();
  await Promise.all(
    voters.map(async ({ hoster }) => {
      try {
        const voter = under.hosters.find((one) => one.id === hoster)?.voter ?? '';
        const { cosignature } = await session.ask(voter, 'charter-offer', { signed: plain(signed) });
        const line = cosignature === null ? undefined : parseSignature(cosignature);
        if (line !== undefined && checkCosignature(nodeCrypto, under, head, line)?.hoster === hoster) {
          lines.set(hoster, line);
        }
      } catch (error) {
        failed.set(hoster, asFault(error));
      }
    }),
  );
  const needed = quorumOf(under);
  if (lines.size < needed)
    throw short({ version: under.version + 1, needed, voters: voters.length, found: lines.size }, failed);
  const signatures = [...lines.values()]
    .toSorted((a, b) => compareBytes(utf8(a.name), utf8(b.name)))
    .slice(0, needed);
  const certified = { ...signed, certificate: formatNote({ text: formatHead(head), signatures }) };
  chain.extend(certified);
  // Those who miss it hear of it with the next answer of anyone who does not.
  const told = await Promise.allSettled(
    chain.current.daemons.map(({ id }) => session.ask(id, 'charter-offer', { signed: plain(certified) })),
  );
  return {
    cosigned: [...lines.keys()].sort(),
    told: told.filter(({ status }) => status === 'fulfilled').length,
  };
}

/** Refusals that leave no quorum possible are the reason; otherwise too few were reached. */
function short(
  of: { readonly version: number; readonly needed: number; readonly voters: number; readonly found: number },
  failed: ReadonlyMap<string, Fault>,
): Fault {
  const refusals = [...failed].filter(([, { kind }]) => kind === 'refused');
  const [first] = refusals;
  if (first !== undefined && refusals.length > of.voters - of.needed) {
    const [hoster, fault] = first;
    const message = `charter version ${of.version} is refused by ${refusals.length} of ${of.voters} hosters; ${hoster} says: ${fault.message}`;
    return new Fault('refused', fault.code, message, {
      ...fault.facts,
      refusedBy: refusals.map(([name]) => name),
    });
  }
  const silent = [...failed].filter(([, { kind }]) => kind !== 'refused').map(([name]) => name);
  const why = first === undefined ? '' : `; ${first[0]} refuses: ${first[1].message}`;
  return new Fault(
    'unreachable',
    'QUORUM_UNREACHABLE',
    `${of.found} hosters cosigned charter version ${of.version}, ${of.needed} are needed: repeat the command once more of them answer (silent: ${silent.join(', ') || 'none'})${why}`,
    { found: of.found, needed: of.needed, silent, refusedBy: refusals.map(([name]) => name) },
  );
}

/** Strict schemas refuse fields that are not theirs: send just these. */
function plain({ body, signatures, certificate }: SignedCharter) {
  return { body, signatures: [...signatures], certificate };
}
