// What a model is: a state of a few bytes, the steps it can take, and what must never, must still, and must sometimes be.

/** The whole system at one moment; each model says what its bytes mean. */
export type State = Uint8Array;

/** One possible step: what happened, in words, and what it changes in a copy of the state. */
export type Step = (words: () => string, change: (to: State) => void) => void;

export interface Rule {
  readonly bytes: number;
  /** Fills in the first state; it comes filled with zeros. */
  readonly start?: (state: State) => void;
  /**
   * Names every step open in `at`. What goes to `can` lies in the hands of honest parties and of a network that delivers
   * in the end; what goes to `may` is up to liars, crashes and losses, and nothing may rely on it.
   */
  readonly steps: (at: State, can: Step, may: Step) => void;
  /** Brings states that differ only in the names of like parties into one form. */
  readonly canonical?: (state: State) => void;
  /** Properties by name: true in a state that must not be. */
  readonly never: Readonly<Record<string, (at: State) => boolean>>;
  /** Goals by name: from every state one of these states must be reachable by `can` steps alone. */
  readonly reachable?: Readonly<Record<string, (at: State) => boolean>>;
  /** What must happen somewhere, or the model is too tame to say anything. */
  readonly sometimes: Readonly<Record<string, (at: State) => boolean>>;
}

export interface Weakening {
  /** The rule that is left out, in words. */
  readonly about: string;
  /** The property of `never` or `reachable` that then breaks. */
  readonly breaks: string;
}

export interface Model {
  readonly name: string;
  /** What is modelled, and within which bounds. */
  readonly about: string;
  readonly weakenings: Readonly<Record<string, Weakening>>;
  /** The rule as designed, or with one part left out. */
  readonly build: (weak?: string) => Rule;
  /** True when it takes more than a few seconds. */
  readonly long?: boolean;
}

/** q = ⌊(n + f) / 2⌋ + 1 of n hosters of which f may lie. */
export function quorumOf(hosters: number, liars: number): number {
  return Math.floor((hosters + liars) / 2) + 1;
}

/** Most models: four voting hosters, of which the fourth lies. It signs whatever helps, so two honest votes make a quorum. */
export const HONEST = [0, 1, 2] as const;
export const QUORUM = quorumOf(4, 1);
export const LIARS = 1;
export const LIAR = 'hoster 4, the liar,';

export function hoster(voter: number): string {
  return `hoster ${voter + 1}`;
}

/** How many of the honest voters are so. */
export function count(so: (voter: number) => boolean): number {
  let sum = 0;
  for (const voter of HONEST) if (so(voter)) sum += 1;
  return sum;
}

/**
 * Who decides whether a certificate with so many honest votes is seen: honest hosters alone can complete it (`can`), it
 * takes the liar's signature as well (`may`), or it cannot exist (undefined).
 */
export function withCertificate(votes: number, can: Step, may: Step): Step | undefined {
  if (votes >= QUORUM) return can;
  return votes >= QUORUM - LIARS ? may : undefined;
}

/** Sorts `many` groups of `width` bytes from `first` on: parties that differ in their name only. */
export function sortGroups(
  state: State,
  { first, width, many }: { readonly first: number; readonly width: number; readonly many: number },
): void {
  for (let group = 1; group < many; group++) {
    for (let at = first + group * width; at > first && precedes(state, at, at - width, width); at -= width) {
      for (let byte = 0; byte < width; byte++) {
        const kept = state[at + byte] ?? 0;
        state[at + byte] = state[at + byte - width] ?? 0;
        state[at + byte - width] = kept;
      }
    }
  }
}

function precedes(state: State, one: number, other: number, width: number): boolean {
  for (let byte = 0; byte < width; byte++) {
    const difference = (state[one + byte] ?? 0) - (state[other + byte] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
