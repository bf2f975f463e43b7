// A liar: answers just before the deadline, or just after; streams drop by drop.

import { type ByteStream, randomBelow, REQUEST_DEADLINE_MS } from '@vauban/core';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

const DRIP_BYTES = 1_000;

export const slowAnswers: Liar = {
  name: 'slow-answers',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      any: async () => {
        if (sometimes(setting, 3)) return undefined;
        setting.did('answers late');
        await setting.clock.sleep(REQUEST_DEADLINE_MS - 1_000 + randomBelow(setting.random, 2_000));
        return undefined;
      },
      bulk: (stream, honest) => {
        if (sometimes(setting, 3)) return honest(stream);
        setting.did('drips');
        return honest(dripping(stream, () => setting.clock.sleep(2_000)));
      },
    }),
};

function dripping(stream: ByteStream, wait: () => Promise<void>): ByteStream {
  return {
    read: (length) => stream.read(length),
    readInto: (into) => stream.readInto(into),
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += DRIP_BYTES) {
        await wait();
        await stream.write(bytes.subarray(at, at + DRIP_BYTES));
      }
    },
    closeWrite: () => stream.closeWrite(),
    abort: () => stream.abort(),
  };
}
