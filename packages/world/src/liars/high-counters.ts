import type { Liar } from '../liar.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

/** Tells every voter that asks that it remembers more votes of it than it can have cast. */
export const highCounters: Liar = {
  name: 'high-counters',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            if (body.yourCounter === null) return undefined;
            setting.did('remembers too many votes');
            return { ...body, yourCounter: body.yourCounter + 1_000_000 };
          }),
      },
    }),
};
