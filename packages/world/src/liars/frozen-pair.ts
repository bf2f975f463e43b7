// A liar: signs everything for whoever writes, and shows whoever reads a past that all liars agreed on: the
// first heads any of them saw. Two of these are the worst that f = 2 can do to a quorum of six.

import type { StoredHead } from '@vauban/ledger';
import type { Liar } from '../liar.ts';
import { shared } from './chance.ts';
import { cosigned } from './cosigning.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const frozenPair: Liar = {
  name: 'frozen-pair',
  losesData: false,
  wrap: (ports, setting) => {
    const past = shared(setting.ring, 'frozen heads', () => new Map<string, StoredHead>());
    return speaking(ports, {
      answers: {
        append: async (question) => {
          const vote = cosigned(ports, setting, question.asked.append);
          if (vote === undefined) return undefined;
          setting.did('signs for the writer');
          await question.honest();
          return question.say(vote);
        },
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            for (const head of body.heads) {
              if (!past.has(head.origin)) past.set(head.origin, { ...head, certificate: null });
            }
            setting.did('shows the agreed past');
            return { ...body, heads: body.heads.map(({ origin }) => past.get(origin) as StoredHead) };
          }),
      },
    });
  },
};
