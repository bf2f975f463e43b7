// A liar: flips bits, cuts answers short, or hangs up in the middle of a conversation.

import { Fault, randomBelow } from '@vauban/core';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const garbledAnswers: Liar = {
  name: 'garbled-answers',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      any: async (question) => {
        if (sometimes(setting, 3)) return undefined;
        setting.did('garbles');
        if (sometimes(setting, 4)) throw new Fault('refused', 'HANGS_UP', 'no more of this', {});
        const bytes = (await question.honest()).slice();
        if (sometimes(setting, 2)) return bytes.subarray(0, randomBelow(setting.random, bytes.length));
        const at = randomBelow(setting.random, bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << randomBelow(setting.random, 8));
        return bytes;
      },
    }),
};
