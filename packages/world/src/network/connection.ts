// One connection between two programs: messages arrive in order, or the connection is dead and nobody is told. It ends
// for each side when that side ends it or hears that the other did.

import type { Party } from './party.ts';
import type { Ether } from './ether.ts';
import { HEADER_BYTES, LOST } from './weather.ts';

interface End {
  readonly party: Party;
  closed: boolean;
  lastArrivalMs: number;
  received: number;
  readonly onClose: Set<(reason: string) => void>;
}

export class Connection {
  readonly #ether: Ether;
  readonly #ends: readonly [End, End];
  /** Something between the two was out of reach: what the transport had in hand is lost, and it will not recover. */
  #dead = false;

  constructor(ether: Ether, from: Party, to: Party) {
    this.#ether = ether;
    const end = (party: Party): End => ({
      party,
      closed: false,
      lastArrivalMs: 0,
      received: 0,
      onClose: new Set(),
    });
    this.#ends = [end(from), end(to)];
  }

  open(at: Party): boolean {
    return !this.#end(at).closed;
  }

  other(than: Party): Party {
    return this.#other(than).party;
  }

  /** Messages that have arrived at this side: what tells a dead connection from a slow peer. */
  received(at: Party): number {
    return this.#end(at).received;
  }

  /** Called when this side's end closes, for whatever reason; the answer takes the listener away. */
  onClose(at: Party, listener: (reason: string) => void): () => void {
    const { onClose } = this.#end(at);
    onClose.add(listener);
    return () => onClose.delete(listener);
  }

  /**
   * `body` is copied by whoever reads it; `what` is for the trace. Nothing happens on an end that is closed. A `loose`
   * message may be overtaken by others when the weather is such.
   */
  send(
    from: Party,
    message: { readonly body: Uint8Array; readonly what: string; readonly loose?: boolean },
    deliver: () => void,
  ): void {
    const target = this.#other(from);
    const end = this.#end(from);
    if (end.closed) return;
    if (this.#dead) {
      this.#hearNothing(end, target);
      return;
    }
    const bytes = message.body.length + HEADER_BYTES;
    from.count({ sentBytes: bytes });
    const { nowMs, weather } = this.#ether;
    if (!this.#ether.reaches(from, target.party) || weather.swallows) {
      this.#dead = true;
      return;
    }
    const lateMs = weather.fate({ from: from.name, to: target.party.name, what: message.what });
    if (lateMs === LOST) return;
    const inTurnMs = Math.max(target.lastArrivalMs, nowMs + this.#ether.travelMs(from, target.party, bytes));
    const overtakenMs = message.loose === true ? weather.overtakenMs : undefined;
    const arrivalMs = inTurnMs + (overtakenMs ?? 0) + lateMs;
    if (overtakenMs === undefined && lateMs === 0) target.lastArrivalMs = arrivalMs;
    target.party.program.after(arrivalMs - nowMs, () => {
      if (target.closed || this.#dead) return;
      target.received += 1;
      target.party.count({ receivedBytes: bytes });
      this.#ether.note(from, target.party, message);
      deliver();
    });
  }

  /** Closes this side now; the other hears of it when the news gets through. */
  close(at: Party, reason: string): void {
    if (this.#end(at).closed) return;
    this.send(at, { body: new Uint8Array(0), what: `close: ${reason}` }, () =>
      this.#shut(this.#other(at), reason),
    );
    this.#shut(this.#end(at), reason);
  }

  /** Whatever stands between forgets about it: this side takes it for closed, the other hears nothing, ever. */
  forget(at: Party): void {
    this.#dead = true;
    this.#shut(this.#end(at), 'it was reset on the way');
  }

  /** The machine of this side has lost power: nobody says goodbye. */
  die(): void {
    this.#dead = true;
  }

  /** A machine that was started anew knows nothing of this connection, and says so to whoever still uses it. */
  #hearNothing(end: End, target: End): void {
    if (!this.#ether.startedAnew(target.party)) return;
    const roundMs = 2 * this.#ether.travelMs(end.party, target.party, 0);
    end.party.program.after(roundMs, () => this.#shut(end, 'the machine was started anew'));
  }

  #shut(end: End, reason: string): void {
    if (end.closed) return;
    end.closed = true;
    const listeners = [...end.onClose];
    end.onClose.clear();
    // Nothing may wake a program that has ended.
    if (!end.party.program.alive) return;
    for (const listener of listeners) listener(reason);
    end.party.closed(this);
  }

  #end(party: Party): End {
    return this.#ends[0].party === party ? this.#ends[0] : this.#ends[1];
  }

  #other(party: Party): End {
    return this.#ends[0].party === party ? this.#ends[1] : this.#ends[0];
  }
}
