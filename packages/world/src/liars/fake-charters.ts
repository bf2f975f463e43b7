// A liar: speaks of charter versions that do not exist, and hands one out that it signed itself, at leisure.

import { decodeCharter, encodeCharter } from '@vauban/core';
import { signCharter } from '@vauban/ledger';
import { decodeAnswer, encodeAnswer } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

const AHEAD = 1_000;

export const fakeCharters: Liar = {
  name: 'fake-charters',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        charter: async (question) => {
          const truth = await question.truth();
          if (truth === undefined) return undefined;
          if (sometimes(setting, 3)) await setting.clock.sleep(60_000);
          setting.did('hands out a charter of its own');
          const current = setting.charter();
          const body = decodeCharter(encodeCharter(current));
          const next = { ...body, version: current.version + 1, previous: setting.random.bytes(32), f: 0 };
          const signers = current.officers.map(({ id }) => ({ id, seed: ports.keys.logSeed }));
          const forged = signCharter(setting.crypto, next, signers);
          const versions = [...truth.versions, { ...forged, signatures: [...forged.signatures] }];
          return encodeAnswer({ versions }, current.version + AHEAD);
        },
      },
      any: async (question) => {
        const bytes = await question.honest();
        setting.did('speaks of a later charter');
        try {
          const { answer, version } = decodeAnswer(question.asked.ask, bytes);
          return encodeAnswer(answer, version + AHEAD);
        } catch {
          return bytes;
        }
      },
    }),
};
