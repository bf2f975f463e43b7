// A liar: has kept the leaves of half of its fragments no longer than it took to sign for them, and makes something up when it is
// asked for one.

import { writeBulkFault, readBulkHeader } from '@vauban/wire';
import { Fault } from '@vauban/core';
import type { Liar } from '../liar.ts';
import { speaking } from './mouth.ts';
import { replaying } from './replaying-stream.ts';
import { flipped } from './wrong-bytes.ts';

/** The same ones each time: they are gone. */
const isDropped = (segment: Uint8Array, index: number) => ((segment[0] as number) + index) % 2 === 0;

export const droppedLeaves: Liar = {
  name: 'dropped-leaves',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        leaf: async (question) => {
          const { segment, index } = question.asked;
          const truth = isDropped(segment, index) ? await question.truth() : undefined;
          if (truth === undefined) return undefined;
          setting.did('makes up a leaf');
          return question.say({ ...truth, bytes: flipped(truth.bytes) });
        },
      },
      bulk: async (stream, honest) => {
        const replay = replaying(stream);
        const header = await readBulkHeader(replay.recorded);
        if (header.bulk === 'put' || !isDropped(header.segment, header.index))
          return honest(replay.fromStart());
        setting.did('ships nothing');
        const gone = new Fault('failure', 'FRAGMENT_DAMAGED', 'the fragment is damaged on this disk', {});
        await writeBulkFault(stream, gone);
        await stream.closeWrite();
      },
    }),
};
