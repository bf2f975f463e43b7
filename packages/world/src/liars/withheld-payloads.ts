// A liar: shows heads and holds fragments, and hands out neither entries nor bytes: refuses, gives nothing, or
// lets time pass.

import { Fault } from '@vauban/core';
import { encodeFaultAnswer, writeBulkFault } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const withheldPayloads: Liar = {
  name: 'withheld-payloads',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        batches: async (question) => {
          setting.did('withholds entries');
          if (sometimes(setting, 3)) await setting.clock.sleep(60_000);
          if (sometimes(setting, 2)) return question.say({ batches: [] });
          const fault = new Fault('refused', 'NOT_YOURS', 'the log belongs to another agency', {});
          return encodeFaultAnswer(fault, setting.charter().version);
        },
      },
      bulk: async (stream, honest) => {
        if (sometimes(setting, 2)) return honest(stream);
        setting.did('withholds bytes');
        await writeBulkFault(stream, new Fault('refused', 'FRAGMENT_MISSING', 'no such fragment here', {}));
        await stream.closeWrite();
      },
    }),
};
