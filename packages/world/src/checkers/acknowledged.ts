// What people were told is stored, in the world's own words: every write with the time it was asked for and the time it
// was acknowledged. A reader that begins later finds it, or something that was written after it began; and what one
// reader was shown, a later one is not denied. Knows no daemon and no client.

import type { Checker, Told } from '../checker.ts';

/** Nothing is there. */
type Content = string | null;

interface Write {
  readonly content: Content;
  readonly beganMs: number;
  /** When somebody was told that it is certified, or shown so by a quorum; infinite until then. */
  doneMs: number;
}

export class Acknowledged {
  /** By vault and path. Before all of them there was nothing. */
  readonly #writes = new Map<string, Write[]>();

  /** A write (or removal, `null`) was asked for: from now on a reader may find it. Again for each try. */
  began(name: string, content: Content, nowMs: number): void {
    const writes = this.#at(name);
    if (writes.some((one) => one.content === content && one.doneMs === Number.POSITIVE_INFINITY)) return;
    writes.push({ content, beganMs: nowMs, doneMs: Number.POSITIVE_INFINITY });
  }

  done(name: string, content: Content, nowMs: number): void {
    const open = this.#at(name).findLast((one) => one.content === content);
    if (open === undefined) throw new Error(`${name}: acknowledged, and nobody had asked for it`);
    open.doneMs = Math.min(open.doneMs, nowMs);
  }

  /** A reader that began at `sinceMs` was shown this now, confirmed by a quorum. */
  found(name: string, content: Content, of: { readonly sinceMs: number; readonly nowMs: number }): void {
    const allowed = this.#allowed(name, of.sinceMs);
    const meant = allowed.filter((one) => one.content === content);
    if (meant.length === 0) {
      const words = allowed.map((one) => said(one.content)).join(' or ');
      throw new Error(`${name}: found ${said(content)}, acknowledged was ${words}`);
    }
    const [only] = meant;
    if (meant.length === 1 && only !== undefined) only.doneMs = Math.min(only.doneMs, of.nowMs);
  }

  /** Everything there is in a vault, by path. */
  listed(
    vault: string,
    listing: ReadonlyMap<string, string>,
    of: { readonly sinceMs: number; readonly nowMs: number },
  ): void {
    for (const name of this.#writes.keys()) {
      const [of_, path = ''] = parted(name);
      if (of_ === vault) this.found(name, listing.get(path) ?? null, of);
    }
    for (const path of listing.keys()) {
      if (!this.#writes.has(nameOf(vault, path)))
        throw new Error(`${nameOf(vault, path)} is listed, and nobody ever stored it`);
    }
  }

  /** Writes that no other one, begun after they were done, had replaced when the reader began. */
  #allowed(name: string, sinceMs: number): Write[] {
    const writes = this.#at(name);
    return writes.filter(
      (one) => !writes.some((later) => later.beganMs > one.doneMs && later.doneMs <= sinceMs),
    );
  }

  #at(name: string): Write[] {
    const known = this.#writes.get(name) ?? [
      { content: null, beganMs: Number.NEGATIVE_INFINITY, doneMs: Number.NEGATIVE_INFINITY },
    ];
    this.#writes.set(name, known);
    return known;
  }
}

/** As a checker: fed by what people are told. */
export function acknowledged(): Checker {
  const known = new Acknowledged();
  return {
    name: 'acknowledged',
    told(event: Told, nowMs: number) {
      switch (event.of) {
        case 'began':
          return known.began(nameOf(event.vault, event.path), event.content, nowMs);
        case 'done':
          return known.done(nameOf(event.vault, event.path), event.content, nowMs);
        case 'found':
          return known.found(nameOf(event.vault, event.path), event.content, {
            sinceMs: event.sinceMs,
            nowMs,
          });
        case 'listed':
          return known.listed(event.vault, event.listing, { sinceMs: event.sinceMs, nowMs });
        default:
          return undefined;
      }
    },
  };
}

function nameOf(vault: string, path: string): string {
  return `${vault}:${path}`;
}

function parted(name: string): string[] {
  const at = name.indexOf(':');
  return [name.slice(0, at), name.slice(at + 1)];
}

function said(content: Content): string {
  return content === null ? 'nothing' : content.slice(0, 12);
}
