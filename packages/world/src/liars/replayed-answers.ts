// A liar: answers a question with what it once answered to another of its kind: old nonces, old votes, other
// logs.

import type { Liar } from '../liar.ts';
import { memory, sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const replayedAnswers: Liar = {
  name: 'replayed-answers',
  losesData: true,
  wrap: (ports, setting) => {
    const earlier = memory(setting, 'answers', () => new Map<string, Uint8Array>());
    return speaking(ports, {
      any: async (question) => {
        const { ask } = question.asked;
        const old = earlier.get(ask);
        if (old === undefined || sometimes(setting, 4)) earlier.set(ask, await question.honest());
        if (old === undefined || sometimes(setting, 3)) return undefined;
        setting.did('repeats an answer');
        return old.slice();
      },
    });
  },
};
