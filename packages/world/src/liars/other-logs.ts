// A liar: hands out batches of another log than was asked for, and shows other vaults' logs as if they were the
// asker's.

import type { Append, StoredHead } from '@vauban/ledger';
import type { Liar } from '../liar.ts';
import { memory, sometimes } from './chance.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const otherLogs: Liar = {
  name: 'other-logs',
  losesData: false,
  wrap: (ports, setting) => {
    const batches = memory(setting, 'batches', () => new Map<string, readonly Append[]>());
    const heads = memory(setting, 'heads', () => new Map<string, StoredHead>());
    return speaking(ports, {
      answers: {
        append: async ({ asked: { append } }) => {
          if (append.oldSize === 0) batches.set(append.origin, [append]);
          return undefined;
        },
        batches: async (question) => {
          const { origin } = question.asked;
          const other = [...batches].find(([name]) => name !== origin)?.[1];
          if (other === undefined || sometimes(setting, 2)) return undefined;
          setting.did('hands out another log');
          const renamed = sometimes(setting, 2) ? other.map((one) => ({ ...one, origin })) : other;
          return question.say({ batches: renamed.map((one) => ({ ...one, records: [...one.records] })) });
        },
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            for (const head of body.heads) heads.set(head.origin, head);
            const mine = new Set(body.heads.map(({ origin }) => origin));
            const others = [...heads.values()].filter(({ origin }) => !mine.has(origin));
            if (others.length === 0) return undefined;
            setting.did('shows other logs');
            return { ...body, heads: [...body.heads, ...others] };
          }),
      },
    });
  },
};
