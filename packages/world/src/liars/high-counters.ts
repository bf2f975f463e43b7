// A liar: tells every voter that asks that it remembers more votes of it than it can have cast, signed by whom
// it can.

import type { Liar } from '../liar.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const highCounters: Liar = {
  name: 'high-counters',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            setting.did('remembers too many votes');
            const counter = 1_000_000 + (body.yourCounter?.counter ?? 0);
            const signature = body.yourCounter?.signature ?? body.counterSignature;
            return { ...body, yourCounter: { counter, signature } };
          }),
      },
    }),
};
