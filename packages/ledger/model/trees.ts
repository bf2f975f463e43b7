// The trees one writer may sign, each written as the letters of its entries: AB is A and then B, and forks from AA.
// A tree is named by its place in the list; the empty tree is always number 0.

export interface Trees {
  readonly names: readonly string[];
  /** All trees but the empty one. */
  readonly signed: readonly number[];
  readonly size: (tree: number) => number;
  /** True when `tree` is `other` or has grown from it. */
  readonly covers: (tree: number, other: number) => boolean;
  /** True when neither has grown from the other. */
  readonly forks: (tree: number, other: number) => boolean;
  /** Bits of the trees that `tree` covers. */
  readonly under: (tree: number) => number;
  readonly all: number;
}

export function trees(...letters: readonly string[]): Trees {
  const names = ['', ...letters];
  const under = names.map((name) =>
    names.reduce((bits, other, tree) => bits | (name.startsWith(other) ? 1 << tree : 0), 0),
  );
  const covers = (tree: number, other: number) => (((under[tree] ?? 0) >> other) & 1) === 1;
  return {
    names,
    signed: letters.map((_, nth) => nth + 1),
    size: (tree) => names[tree]?.length ?? 0,
    covers,
    forks: (tree, other) => !covers(tree, other) && !covers(other, tree),
    under: (tree) => under[tree] ?? 0,
    all: (1 << names.length) - 1,
  };
}

/** True when two trees of the set of bits fork. */
export function forked({ signed, forks }: Trees, bits: number): boolean {
  for (const tree of signed) {
    if ((bits >> tree) & 1)
      for (const other of signed) if ((bits >> other) & 1 && forks(tree, other)) return true;
  }
  return false;
}

/** Bits of the longest trees among those of the set. */
export function longest({ names, size }: Trees, bits: number): number {
  let best = 0;
  let length = -1;
  for (let tree = 0; tree < names.length; tree++) {
    if (((bits >> tree) & 1) === 0 || size(tree) < length) continue;
    best = size(tree) > length ? 1 << tree : best | (1 << tree);
    length = size(tree);
  }
  return best;
}

/** Bits of everything covered by a tree of the set. */
export function union({ names, under }: Trees, bits: number): number {
  let sum = 0;
  for (let tree = 0; tree < names.length; tree++) if ((bits >> tree) & 1) sum |= under(tree);
  return sum;
}

/** The names of a set of trees, for a trace. */
export function inLetters({ names }: Trees, bits: number): string {
  return names.filter((name, tree) => name !== '' && (bits >> tree) & 1).join(' and ') || 'nothing';
}
