// The known name that a mistyped one was probably meant to be: the one that shares most pairs of letters with it.

/** Pairs in common, of those of both: Dice's coefficient, from 0 to 1. */
const LIKE_MIN = 0.5;

/** Undefined when none is close enough to be worth suggesting; case does not matter. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const likeness = (name: string) => likenessOf(pairsOf(word.toLowerCase()), pairsOf(name));
  const [best] = known.map((name) => ({ name, like: likeness(name) })).toSorted((a, b) => b.like - a.like);
  return best !== undefined && best.like >= LIKE_MIN ? best.name : undefined;
}

function pairsOf(word: string): string[] {
  const framed = ` ${word} `;
  return Array.from({ length: framed.length - 1 }, (_, at) => framed.slice(at, at + 2));
}

function likenessOf(a: readonly string[], b: readonly string[]): number {
  const left = [...b];
  const common = a.filter((pair) => {
    const at = left.indexOf(pair);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return (2 * common.length) / (a.length + b.length);
}
