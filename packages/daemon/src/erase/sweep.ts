// Sweeping what was uploaded here and never placed. The order is the rule (ledger SPEC: sweep; the model shows what breaks
// without it): the set is fixed, the generation rises, the entry is certified, q voters that hold it are asked, and only then
// goes what none of them mentions and nobody was given a newer receipt for.

import { asFault, equalBytes, quorumOf, toHex } from '@vauban/core';
import { collectHeads } from '@vauban/ledger';
import { type AnswerOf, HOLDERS_SEGMENTS_MAX } from '@vauban/wire';
import { type FragmentKey, keyText } from '../fragment-file.ts';
import { sweepOf } from './erase-entries.ts';
import { type Erasing, holdsUpTo } from './erasing.ts';

/** Fragments of one sweep: a few questions to each voter. More go with the next one. */
export const SWEPT_TOGETHER_MAX = 4_096;

/**
 * Resolves with how many fragments went; 0 when it cannot be made sure that nobody mentions them. Faults: those of the
 * permit, of the own log, of the store.
 */
export async function sweep(
  erasing: Erasing,
  unplaced: readonly FragmentKey[],
  signal: AbortSignal,
): Promise<number> {
  const { receipts, permit } = erasing.ports;
  const set = unplaced.slice(0, SWEPT_TOGETHER_MAX);
  if (set.length === 0) return 0;
  await permit.demand(signal);
  const renewed = new Set<string>();
  // From before the generation rises until the last of them is gone: no receipt slips through between.
  const end = receipts.watch((key) => renewed.add(keyText(key)));
  try {
    const head = await erasing.certify([sweepOf]);
    const mentioned = await mentions(erasing, { head, set }, signal);
    if (mentioned === undefined) return 0;
    const gone = set.filter((key) => !mentioned.has(keyText(key)));
    return await erasing.erase('swept', gone, { signal, spare: (key) => renewed.has(keyText(key)) });
  } finally {
    end();
  }
}

/**
 * Of the set, what any of q voters mentions that hold the sweep: a place that names such a fragment, and that they have
 * not voted for, they refuse from now on. Undefined when fewer answered.
 */
async function mentions(
  erasing: Erasing,
  of: {
    readonly head: { readonly origin: string; readonly size: number };
    readonly set: readonly FragmentKey[];
  },
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  const { ports } = erasing;
  const { charters, log } = ports;
  const charter = charters.current;
  const scope = { of: 'origins' as const, origins: [of.head.origin] };
  const holders = await collectHeads({ ...ports, counts: holdsUpTo(of.head), signal }, scope).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      log('debug', 'sweep-uncertain', { code: asFault(error).code });
      return undefined;
    },
  );
  if (holders === undefined) return undefined;
  const segments = [...new Map(of.set.map(({ segment }) => [toHex(segment), segment])).values()];
  const mentioned = new Set<string>();
  const hosters = new Set(holders.answers.map(({ hoster }) => hoster));
  const answered = await Promise.all(
    [...hosters].map(async (hoster) => {
      try {
        for (let at = 0; at < segments.length; at += HOLDERS_SEGMENTS_MAX) {
          const asked = segments.slice(at, at + HOLDERS_SEGMENTS_MAX);
          const answer = await ports.asks.holders(hoster, asked, signal);
          if (!take(answer, { asked, id: ports.id, mentioned })) return false;
        }
        return true;
      } catch (error) {
        signal.throwIfAborted();
        log('debug', 'sweep-unanswered', { hoster, code: asFault(error).code });
        return false;
      }
    }),
  );
  const enough = answered.filter((one) => one).length >= quorumOf(charter);
  // Answers of two epochs are never added up.
  return enough && charters.current.epoch === charter.epoch ? mentioned : undefined;
}

/** False when the answer is about other segments than were asked. */
function take(
  { segments }: AnswerOf<'holders'>,
  of: { readonly asked: readonly Uint8Array[]; readonly id: string; readonly mentioned: Set<string> },
): boolean {
  if (segments.length !== of.asked.length) return false;
  for (const [nth, { segment, holders }] of segments.entries()) {
    if (!equalBytes(segment, of.asked[nth] as Uint8Array)) return false;
    for (const [index, daemon] of holders)
      if (daemon === of.id) of.mentioned.add(keyText({ segment, index }));
  }
  return true;
}
