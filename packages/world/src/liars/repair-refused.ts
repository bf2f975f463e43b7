// A liar: serves its clients, and leaves daemons that rebuild waiting, or hangs up on them.

import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

const SILENT_MS = 60_000;

export const repairRefused: Liar = {
  name: 'repair-refused',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      bulk: async (stream, honest, from) => {
        if (!setting.charter().daemons.some(({ peer }) => peer === from)) return honest(stream);
        setting.did('ships nothing');
        if (sometimes(setting, 2)) return stream.abort();
        await setting.clock.sleep(SILENT_MS);
        stream.abort();
      },
    }),
};
