// Between the check of an entry and the row it becomes, no entry of another log may come in that the check would have
// had to see: a keep and a purge of one segment must never both find that the other is not there.

import type { EntryKind } from './entry.ts';

/** Say what is held and what is not: any number at a time, for they do not contradict each other. */
const holding: ReadonlySet<EntryKind> = new Set(['place', 'keep', 'adopt', 'release', 'lost']);
/** Judged by what others hold: one at a time, and no holding meanwhile. */
const excluding: ReadonlySet<EntryKind> = new Set(['custody', 'purge', 'sweep', 'trim']);

// The others are judged by their own log, or, an audit and a readmit, by what was said before and is never unsaid; what
// they say takes no copy away and forbids no erasing.

/** In order of asking, so that neither kind waits for ever. */
export class ErasingGate {
  #excluded: Promise<unknown> = Promise.resolve();
  #inside = new Set<Promise<unknown>>();

  /** `kinds`: of the entries that `work` checks and stores. */
  run<Result>(kinds: readonly EntryKind[], work: () => Promise<Result>): Promise<Result> {
    if (kinds.some((kind) => excluding.has(kind))) {
      const before = [this.#excluded, ...this.#inside];
      this.#inside = new Set();
      const mine = Promise.allSettled(before).then(work);
      this.#excluded = mine.catch(() => undefined);
      return mine;
    }
    if (!kinds.some((kind) => holding.has(kind))) return work();
    const mine = this.#excluded.then(work);
    const inside = this.#inside;
    inside.add(mine);
    const leave = () => void inside.delete(mine);
    mine.then(leave, leave);
    return mine;
  }
}
