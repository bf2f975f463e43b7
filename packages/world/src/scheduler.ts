// Virtual time: events in order of time, then of asking. Time moves only when every promise that can settle has
// settled, so a second of the world costs what happens in it. May be broken by anything that waits outside of it.

import { assert } from '@vauban/core';

/** Resolves when no promise is left that can settle without an event: the queue of microtasks is empty. */
export type Turn = () => Promise<void>;

interface Event {
  readonly atUs: number;
  readonly order: number;
  readonly call: () => void;
  cancelled: boolean;
}

export interface RunLimits {
  /** Virtual milliseconds after which a history that has not ended is stuck. */
  readonly timeMsMax: number;
  readonly eventsMax: number;
}

export class Scheduler {
  readonly #turn: Turn;
  /** A binary heap, the next event first. */
  readonly #heap: Event[] = [];
  #nowUs = 0;
  #order = 0;
  #events = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Milliseconds since the world began, in whole microseconds. */
  get nowMs(): number {
    return this.#nowUs / 1_000;
  }

  get events(): number {
    return this.#events;
  }

  /** Calls back once after `ms` of virtual time; the answer cancels. */
  after(ms: number, call: () => void): () => void {
    const wait = Math.max(0, Math.round(ms * 1_000));
    const event: Event = { atUs: this.#nowUs + wait, order: this.#order++, call, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Runs the world until `history` ends. Rejects as it does, or when the limits are reached, or when nothing will ever happen. */
  async run<Result>(history: () => Promise<Result>, limits: RunLimits): Promise<Result> {
    let ended: (() => Result) | undefined;
    history().then(
      (result) => {
        ended = () => result;
      },
      (error: unknown) => {
        ended = () => {
          throw error;
        };
      },
    );
    for (;;) {
      await this.#turn();
      if (ended !== undefined) return ended();
      const next = this.#pop();
      if (next === undefined) throw new Error('the world stands still: nothing is left that could happen');
      if (next.atUs > limits.timeMsMax * 1_000 || this.#events > limits.eventsMax) {
        throw new Error(`the world does not end: ${this.#events} events in ${this.nowMs} ms`);
      }
      assert(next.atUs >= this.#nowUs, 'time only moves on');
      this.#nowUs = next.atUs;
      this.#events += 1;
      next.call();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      this.#dropFirst();
      if (!first.cancelled) return first;
    }
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!before(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
