// The writer of a model's one log: honest, with one append in flight, or a liar that has signed every tree from the start.
// It persists what it signs first, so that after a crash it sends the same bytes again.

import { type State, type Step, withCertificate } from './rule.ts';
import type { Trees } from './trees.ts';

/** `byte`: where the state says which trees it has signed. */
export function writing(heads: Trees, byte: number, writer: 'honest' | 'lying') {
  const written = (at: State, tree: number) => (((at[byte] ?? 0) >> tree) & 1) === 1;
  return {
    written,
    start: (state: State): void => {
      if (writer === 'lying') state[byte] = heads.all;
    },
    /** The next tree is signed when the one before has its certificate, which so many honest votes make. */
    steps: (
      at: State,
      votes: (at: State, tree: number) => number,
      [can, may]: readonly [Step, Step],
    ): void => {
      for (const tree of heads.signed) {
        if (written(at, tree)) continue;
        const ready = tree === 1 ? can : withCertificate(votes(at, tree - 1), can, may);
        ready?.(
          () => `the writer persists and signs ${heads.names[tree]}`,
          (to) => (to[byte] = (to[byte] ?? 0) | (1 << tree)),
        );
      }
    },
  };
}
