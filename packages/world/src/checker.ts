// What a judge of the world is: it watches the wires, is told what the people at the machines were told, and in the end
// looks at what is left. Checkers import no daemon, client or ledger code; here are only the words they are spoken to in.

import type { Charter, Crypto, Files } from '@vauban/core';

export interface Message {
  readonly from: string;
  readonly to: string;
  readonly body: Uint8Array;
  /** For readers: `ask append`, `answer heads`, `stream data`. */
  readonly what: string;
}

/** What people did and were told, at the moment it happened. `content`: hex SHA-256, `directory`, or null for nothing. */
export type Told =
  /** A write was asked for: from now on a reader may find it. */
  | { readonly of: 'began'; readonly vault: string; readonly path: string; readonly content: string | null }
  /** It was acknowledged by the client. */
  | { readonly of: 'done'; readonly vault: string; readonly path: string; readonly content: string | null }
  /** A read that began at `sinceMs` was confirmed by a quorum, and showed this. */
  | {
      readonly of: 'found';
      readonly vault: string;
      readonly path: string;
      readonly content: string | null;
      readonly sinceMs: number;
    }
  /** Everything the vault shows, by path; as `found`. */
  | {
      readonly of: 'listed';
      readonly vault: string;
      readonly listing: ReadonlyMap<string, string>;
      readonly sinceMs: number;
    }
  | { readonly of: 'lies'; readonly hoster: string; readonly liar: string }
  | { readonly of: 'burnt'; readonly hoster: string }
  /** Its disk was put back to what it was a while ago. */
  | { readonly of: 'restored'; readonly machine: string }
  /** Something on its disk is no longer what was written. */
  | { readonly of: 'damaged'; readonly machine: string }
  | { readonly of: 'revoked'; readonly device: string }
  /** A fragment's file came under its name on a disk where there was none, or went. */
  | { readonly of: 'fragment-came' | 'fragment-went'; readonly machine: string; readonly path: string }
  /** Its daemon says that it changes nothing from now on; that its operator has lifted that. */
  | { readonly of: 'read-only' | 'readmitted'; readonly hoster: string }
  /** Everything that is promised for afterwards is due from now on. */
  | { readonly of: 'well' }
  /** Its writer does as it likes: nobody promises that this log goes on. */
  | { readonly of: 'crooked'; readonly origin: string }
  /** A reader who knows nothing yet begins to read that log, and counts these of its heads: `size root`. */
  | { readonly of: 'reads'; readonly origin: string }
  | { readonly of: 'counted'; readonly origin: string; readonly heads: readonly string[] };

/** One log as one daemon hands it out. */
export interface PulledLog {
  readonly daemon: string;
  readonly origin: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly certificate: string | null;
  /** Leaves in order. */
  readonly entries: readonly Uint8Array[];
}

/** The world after everything that could heal has healed. */
export interface End {
  readonly crypto: Crypto;
  readonly charter: Charter;
  /** What honest daemons that are up hand out. */
  readonly logs: readonly PulledLog[];
  readonly hosters: readonly {
    readonly name: string;
    readonly honest: boolean;
    readonly state: 'down' | 'starting' | 'voting' | 'silent' | 'failed' | 'burnt';
    /** What lies on its disk, read without going through the daemon. */
    readonly files: Files;
  }[];
}

export interface Checker {
  readonly name: string;
  /** Every message, as it arrives. Throws nothing: what is wrong is kept for the next `told` or `judge`. */
  readonly saw?: (message: Message) => void;
  /** Throws when a promise is broken. */
  readonly told?: (event: Told, nowMs: number) => void;
  /** Throws when a promise is broken. */
  readonly judge?: (end: End) => void | Promise<void>;
}
