// A liar: boasts of room that it then does not have, and of votes it does not cast.

import { Fault } from '@vauban/core';
import { writeBulkFault } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const falseStatus: Liar = {
  name: 'false-status',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        status: async (question) => {
          const truth = await question.truth();
          if (truth === undefined) return undefined;
          setting.did('boasts');
          const freeBytes = sometimes(setting, 2) ? Number.MAX_SAFE_INTEGER : 0;
          return question.say({ ...truth, freeBytes, fragments: truth.fragments + 1_000_000, silent: null });
        },
      },
      bulk: async (stream, honest) => {
        if (sometimes(setting, 2)) return honest(stream);
        setting.did('is full');
        await writeBulkFault(stream, new Fault('refused', 'DISK_FULL', 'the disk is full', {}));
        await stream.closeWrite();
      },
    }),
};
