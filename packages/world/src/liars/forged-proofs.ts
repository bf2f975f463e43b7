// A liar: answers challenges with a leaf or a path that the fragment's root does not vouch for.

import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const forgedProofs: Liar = {
  name: 'forged-proofs',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        leaf: async (question) => {
          const truth = await question.truth();
          setting.did('forges a proof');
          const { random } = setting;
          const bytes = truth?.bytes ?? random.bytes(16_384);
          if (truth !== undefined && truth.proof.length > 0 && sometimes(setting, 2)) {
            return question.say({ ...truth, proof: truth.proof.map(() => random.bytes(32)) });
          }
          const wrong = bytes.slice();
          wrong[0] = (wrong[0] ?? 0) ^ 1;
          return question.say({ leaves: 1, proof: [], ...truth, bytes: wrong });
        },
      },
    }),
};
