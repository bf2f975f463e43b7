// Which of the states that are hard to reach a history has been in, read off the wires: for counters alone.

import { utf8 } from '@vauban/core';
import type { Message } from './checker.ts';
import type { Counters } from './counters.ts';
import { hosterNames } from './membership.ts';

/** What an answer or note says when a log stands there, as it appears among its bytes. */
const signs = [
  { state: 'conflict', in: 'answer append', text: 'hconflict' },
  { state: 'fork', in: 'answer append', text: 'FORKED' },
  { state: 'fork', in: 'answer certify', text: 'FORKED' },
  { state: 'seal', in: 'ask note', text: 'vauban/revoke/0' },
  { state: 'refused policy', in: 'answer append', text: 'fpolicy' },
].map((sign) => ({ ...sign, bytes: utf8(sign.text) }));

export class States {
  readonly #counters: Counters;
  readonly #hosters = new Set(hosterNames);

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  saw({ from, to, body, what }: Message): void {
    const counters = this.#counters;
    if (what === 'ask batches' && this.#hosters.has(from) && this.#hosters.has(to)) {
      counters.add('state catch-up');
    }
    for (const sign of signs) {
      if (sign.in === what && holds(body, sign.bytes)) {
        counters.add(`state ${sign.state}`);
      }
    }
  }
}

function holds(body: Uint8Array, wanted: Uint8Array): boolean {
  const [first = 0] = wanted;
  for (let at = body.indexOf(first); at >= 0; at = body.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => body[at + i] === byte)) return true;
  }
  return false;
}
