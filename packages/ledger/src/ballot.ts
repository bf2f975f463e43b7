// One vote of a mirror: admits what stands above the last one, records the vote in the journal, then signs. Owns that no
// signature leaves before the journal is durable, nor with a key that was given up meanwhile.

import { equalBytes } from '@vauban/core';
import { type AdmissionView, admitEntries } from './admission.ts';
import { cosign, readHead } from './checkpoint.ts';
import type { EntryKind } from './entry.ts';
import type { StoredEntry } from './log-record.ts';
import type { LogState } from './log-rows.ts';
import { type MirrorGround, writerHeld } from './mirror-ground.ts';
import { formatSignature } from './note.ts';
import { storedView } from './stored-view.ts';
import type { AppendReply } from './voter.ts';
import type { Writer } from './writer.ts';

/** An idle head is cosigned anew after this long, so that its certificate stays fresh. */
const DAY_S = 86_400;
/** What is judged by itself and its own log; for anything else all logs have to be at hand. */
const standingAlone: ReadonlySet<EntryKind> = new Set([
  'genesis',
  'objects',
  'void',
  'lost',
  'site-lost',
  'maintenance',
  'drill',
]);

/** What admission may look at, here and now. */
export function viewOf({ logs, ...of }: MirrorGround): AdmissionView {
  return storedView(logs, of);
}

/** Admission of everything above what was admitted or certified, but for what the same append voids. */
export async function admitAbove(
  ground: MirrorGround,
  state: LogState,
  by: { readonly writer: Writer; readonly opened: readonly StoredEntry[] },
): Promise<void> {
  const { logs } = ground;
  const from = Math.max(state.admittedSize, state.certifiedSize);
  const held: StoredEntry[] = [];
  for (let index = from; index < state.size; index++) held.push(await logs.stored(state.origin, index));
  const entries = [...held, ...by.opened];
  if (entries.some(({ entry }) => !standingAlone.has(entry.kind))) logs.quarantine.checkAll();
  await admitEntries(viewOf(ground), { origin: state.origin, writer: by.writer, from, entries });
}

/** Records the vote for what is stored, and signs. Of a head admitted before: the same answer again. */
export async function vote(ground: MirrorGround, origin: string): Promise<AppendReply> {
  const { logs, seat, crypto } = ground;
  const voting = seat.demand();
  let state = logs.state(origin);
  const seconds = Math.floor(ground.clock.now() / 1_000);
  if (
    state.votedSeconds === null ||
    state.admittedSize < state.size ||
    seconds - state.votedSeconds > DAY_S
  ) {
    await admitAbove(ground, state, { writer: await writerHeld(ground, origin), opened: [] });
    state = { ...state, admittedSize: state.size, votedSeconds: seconds };
    await logs.update(state);
  }
  const head = readHead(state.checkpoint);
  const last = voting.journal.last(origin);
  if (
    last === undefined ||
    last.size !== head.size ||
    !equalBytes(last.root, head.root) ||
    last.epoch !== voting.epoch
  ) {
    await voting.journal.cast({ epoch: voting.epoch, ...head });
  }
  // The key may have been given up while this waited for the disks, or its epoch may be over.
  seat.demandStill(voting);
  const signature = cosign(crypto, head, voting.cosigner, state.votedSeconds ?? seconds);
  return { result: 'cosigned', cosignature: formatSignature(signature).trimEnd() };
}
