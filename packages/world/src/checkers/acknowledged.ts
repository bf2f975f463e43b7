// What the agency was told is stored, in the world's own words: for each path the contents a reader may find. One when
// the last write was acknowledged, several while the outcome of an interrupted one is open. Knows no daemon and no client.

/** Nothing is there. */
const ABSENT = null;

export class Acknowledged {
  readonly #maybe = new Map<string, Set<string | null>>();

  /** A write (or removal, `null`) was asked for: from now on a reader may find it, or what was there before. */
  began(path: string, content: string | null): void {
    this.#at(path).add(content);
  }

  /** It was acknowledged: nothing else may be found any more. */
  done(path: string, content: string | null): void {
    this.#maybe.set(path, new Set([content]));
  }

  /** A reader was shown this, confirmed by a quorum. A later one may not be shown anything older. */
  found(path: string, content: string | null): void {
    const allowed = this.#at(path);
    if (!allowed.has(content)) {
      throw new Error(
        `${path}: found ${said(content)}, acknowledged was ${[...allowed].map(said).join(' or ')}`,
      );
    }
    this.#maybe.set(path, new Set([content]));
  }

  /** Everything there is, by path. */
  listed(listing: ReadonlyMap<string, string>): void {
    for (const path of this.#maybe.keys()) this.found(path, listing.get(path) ?? ABSENT);
    for (const path of listing.keys()) {
      if (!this.#maybe.has(path)) throw new Error(`${path} is listed, and nobody ever stored it`);
    }
  }

  /** Paths at which there is something for certain. */
  present(): string[] {
    return [...this.#maybe].filter(([, allowed]) => !allowed.has(ABSENT)).map(([path]) => path);
  }

  #at(path: string): Set<string | null> {
    const known = this.#maybe.get(path) ?? new Set<string | null>([ABSENT]);
    this.#maybe.set(path, known);
    return known;
  }
}

function said(content: string | null): string {
  return content === ABSENT ? 'nothing' : content.slice(0, 12);
}
