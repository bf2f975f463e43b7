// What a writer, a reader or another hoster may ask of a voting hoster. The port between the ledger's protocols and
// whatever carries the questions (the wire, or memory in tests).

import type { Fault } from '@vauban/core';
import type { HeadsScope } from './heads.ts';
import type { Append } from './log-store.ts';
import type { NotesPage } from './note-shelf.ts';
import type { RefusalClass } from './refusal.ts';

export type AppendReply =
  /** Stored, then signed: a C2SP cosignature line. */
  | { readonly result: 'cosigned'; readonly cosignature: string }
  /** Stored under a certificate, or ahead of being vouched for: no signature. */
  | { readonly result: 'stored' }
  /** The voter's log ends elsewhere than the append starts. */
  | { readonly result: 'conflict'; readonly size: number; readonly checkpoint: string | null }
  | {
      readonly result: 'refused';
      readonly class: RefusalClass;
      /** The entry refused, when it is one. */
      readonly index: number | null;
      readonly fault: Fault;
    };

export interface Voter {
  readonly hoster: string;
  /** `certificate`, when given, covers at least the append's end: the voter stores without judging. */
  append(append: Append, certificate: string | null): Promise<AppendReply>;
  /** Signed heads (see `heads`). */
  heads(nonce: Uint8Array, scope: HeadsScope): Promise<Uint8Array>;
  /** The log from a signed size on, in signed batches, as much as fits one message. */
  batches(origin: string, from: number): Promise<readonly Append[]>;
  certify(origin: string, certificate: string): Promise<void>;
  /** Stores a root note durably: the acknowledgement. */
  putNote(note: Uint8Array): Promise<void>;
  /** Root notes that may be seen, by ascending hash, from the one after `after`. */
  notes(after: Uint8Array | null): Promise<NotesPage>;
}
