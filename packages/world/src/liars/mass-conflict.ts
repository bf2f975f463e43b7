// A liar: says `conflict` to every append, each time with another size.

import { randomBelow } from '@vauban/core';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const massConflict: Liar = {
  name: 'mass-conflict',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        append: (question) => {
          setting.did('says conflict');
          const { oldSize, records, checkpoint } = question.asked.append;
          const size = sometimes(setting, 3)
            ? oldSize + records.length + 1 + randomBelow(setting.random, 1_000)
            : randomBelow(setting.random, oldSize + 1);
          const shown = sometimes(setting, 2) ? checkpoint : null;
          return question.say({ result: 'conflict', size, checkpoint: shown });
        },
      },
    }),
};
