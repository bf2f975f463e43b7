// A liar: shows logs as they were when it first saw them, or leaves them out, under a fresh nonce and its own
// signature.

import type { StoredHead } from '@vauban/ledger';
import type { Liar } from '../liar.ts';
import { memory, sometimes } from './chance.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const staleHeads: Liar = {
  name: 'stale-heads',
  losesData: false,
  wrap: (ports, setting) => {
    const first = memory(setting, 'first heads', () => new Map<string, StoredHead>());
    return speaking(ports, {
      answers: {
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            let changed = false;
            const heads = body.heads.flatMap((head) => {
              const older = first.get(head.origin);
              if (older === undefined) first.set(head.origin, { ...head, certificate: null });
              if (sometimes(setting, 6)) {
                changed = true;
                return [];
              }
              if (older === undefined || older.size >= head.size) return [head];
              changed = true;
              return [older];
            });
            if (!changed) return undefined;
            setting.did('shows old heads');
            return { ...body, heads };
          }),
      },
    });
  },
};
