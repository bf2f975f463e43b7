// What a placement proof says once its evidence holds: plain data, for words, JSON and the second verifier's comparison.

/** Where an entry stands among the proof's logs: `log` counts from 1, in the order of `ProofStatement.logs`. */
export interface EntryName {
  readonly log: number;
  readonly index: number;
  /** Milliseconds, as the writer dated it. */
  readonly time: number;
}

export interface ProvenLog {
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly writer:
    | {
        readonly kind: 'device';
        readonly agency: string;
        readonly agencyName: string;
        /** Hex. */
        readonly vault: string;
      }
    | { readonly kind: 'daemon'; readonly daemon: string };
  readonly epoch: number;
  readonly quorum: number;
  readonly voters: number;
  /** In order of key name, with the time each signed, in seconds. */
  readonly cosigners: readonly { readonly hoster: string; readonly name: string; readonly seconds: number }[];
}

export interface ProvenHolding {
  readonly daemon: string;
  readonly hoster: string;
  readonly hosterName: string;
  readonly site: string;
  readonly city: string;
  readonly country: string;
  readonly building: string;
  readonly address: string;
  /** The charter version that says where it stands. */
  readonly version: number;
  /** `adopt`: a place taken over from a sealed log. */
  readonly since: EntryName & { readonly kind: 'place' | 'adopt' | 'custody' };
  readonly until:
    | (EntryName & { readonly kind: 'lost' | 'purge' | 'trim' })
    /** The charter version that no longer lists the daemon. */
    | { readonly kind: 'charter'; readonly version: number; readonly time: number }
    | null;
}

export interface ProvenPlace extends EntryName {
  readonly retainUntil: number;
  readonly charter: number;
  /** All later entries below the certified head are in the proof, and none of them cancels this one. */
  readonly voidExcluded: boolean;
}

export interface ProvenFragment {
  readonly index: number;
  /** Hex. */
  readonly root: string;
  readonly holdings: readonly ProvenHolding[];
}

export interface ProvenSegment {
  /** Hex. */
  readonly segment: string;
  readonly vault: string;
  readonly code: string;
  readonly k: number;
  readonly m: number;
  readonly fragmentBytes: number;
  readonly places: readonly ProvenPlace[];
  readonly fragments: readonly ProvenFragment[];
}

export interface ProofStatement {
  readonly charter: {
    readonly root: string;
    readonly name: string;
    /** Versions in the proof: 1 to this. */
    readonly versions: number;
    /** The version by which daemons have their sites, and when it was issued, in milliseconds. */
    readonly shown: number;
    readonly issued: number;
    readonly officers: readonly string[];
  };
  readonly at: number;
  readonly label: string | null;
  readonly logs: readonly ProvenLog[];
  readonly segments: readonly ProvenSegment[];
}

/** Fragments that somebody held at the proof's moment, as recorded, and the sites they were on. */
export function heldNow(segment: ProvenSegment): {
  readonly fragments: number;
  readonly sites: readonly string[];
} {
  const sites = new Set<string>();
  let fragments = 0;
  for (const { holdings } of segment.fragments) {
    const held = holdings.filter(({ until }) => until === null);
    if (held.length > 0) fragments += 1;
    for (const { site } of held) sites.add(site);
  }
  return { fragments, sites: [...sites].sort() };
}
