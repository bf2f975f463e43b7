// A liar: shows logs that nobody writes and makes those there are longer, signed with keys of its own; gives no
// entries, or late.

import { Fault, toHex } from '@vauban/core';
import { readHead, signCheckpoint, type StoredHead } from '@vauban/ledger';
import { encodeFaultAnswer } from '@vauban/wire';
import type { Liar, LiarSetting } from '../liar.ts';
import { sometimes } from './chance.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

const INVENTED = 3;

export const inventedLogs: Liar = {
  name: 'invented-logs',
  losesData: false,
  wrap: (ports, setting) => {
    const invented = new Set<string>();
    return speaking(ports, {
      answers: {
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            setting.did('invents logs');
            const made = Array.from({ length: INVENTED }, () => newLog(setting));
            for (const { origin } of made) invented.add(origin);
            const longer = body.heads.map((head) =>
              sometimes(setting, 2) ? lengthened(setting, head) : head,
            );
            return { ...body, heads: [...longer, ...made] };
          }),
        batches: async ({ asked }) => {
          if (!invented.has(asked.origin) && sometimes(setting, 2)) return undefined;
          if (sometimes(setting, 2)) await setting.clock.sleep(60_000);
          return encodeFaultAnswer(
            new Fault('refused', 'NOT_YOURS', 'the log belongs to another agency', {}),
            setting.charter().version,
          );
        },
      },
    });
  },
};

function newLog(setting: LiarSetting): StoredHead {
  const { crypto, random, charter } = setting;
  const seed = random.bytes(32);
  const publicKey = crypto.ed25519Public(seed);
  const origin = `${charter().name}/${toHex(crypto.sha256(publicKey))}`;
  const head = { origin, size: 7, root: random.bytes(32) };
  return {
    origin,
    size: 7,
    checkpoint: signCheckpoint(crypto, head, { seed, publicKey }),
    certificate: null,
  };
}

function lengthened({ crypto, random }: LiarSetting, { origin, checkpoint }: StoredHead): StoredHead {
  const seed = random.bytes(32);
  const size = readHead(checkpoint).size + 5;
  const forged = { origin, size, root: random.bytes(32) };
  const signed = signCheckpoint(crypto, forged, { seed, publicKey: crypto.ed25519Public(seed) });
  return { origin, size, checkpoint: signed, certificate: null };
}
