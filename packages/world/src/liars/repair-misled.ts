// A liar: tells clients the truth, and ships other bytes to daemons that rebuild.

import type { Liar } from '../liar.ts';
import { speaking } from './mouth.ts';
import { flipped } from './wrong-bytes.ts';

export const repairMisled: Liar = {
  name: 'repair-misled',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      bulk: async (stream, honest, from) => {
        if (!setting.charter().daemons.some(({ peer }) => peer === from)) return honest(stream);
        let parts = 0;
        return honest({
          read: (length) => stream.read(length),
          readInto: (into) => stream.readInto(into),
          // What comes first says how much there is; then come hashes, then bytes.
          write(bytes) {
            parts += 1;
            if (parts < 3) return stream.write(bytes);
            setting.did('ships other bytes');
            return stream.write(flipped(bytes));
          },
          closeWrite: () => stream.closeWrite(),
          abort: () => stream.abort(),
        });
      },
    }),
};
