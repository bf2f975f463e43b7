// A liar: signs every head it is shown, whatever it signed before and whatever its daemon thinks of it.

import type { Liar } from '../liar.ts';
import { readHead } from '@vauban/ledger';
import { toHex } from '@vauban/core';
import { memory } from './chance.ts';
import { cosignedNow } from './cosigning.ts';
import { speaking } from './mouth.ts';

export const doubleVotes: Liar = {
  name: 'double-votes',
  losesData: false,
  wrap: (ports, setting) => {
    const signed = memory(setting, 'signed', () => new Map<string, string>());
    return speaking(ports, {
      answers: {
        append: async (question) => {
          const truth = await question.truth();
          const head = readHead(question.asked.append.checkpoint);
          const name = `${head.origin} ${head.size}`;
          const root = toHex(head.root);
          const before = signed.get(name);
          signed.set(name, root);
          if (truth?.result === 'cosigned' && (before === undefined || before === root)) return undefined;
          const vote = await cosignedNow(ports, setting, question.asked.append);
          if (vote === undefined) return undefined;
          setting.did(before !== undefined && before !== root ? 'signs two trees' : 'signs what it refuses');
          return question.say(vote);
        },
      },
    });
  },
};
