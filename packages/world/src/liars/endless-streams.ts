// A liar: sends bytes for as long as anybody reads them, takes uploads in and never ends them, answers with
// messages too long.

import { MESSAGE_BYTES_MAX } from '@vauban/core';
import { readBulkHeader, writeBulkReply } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { replaying } from './replaying-stream.ts';
import { speaking } from './mouth.ts';

const BATCH_BYTES = 65_536;
/** As long as a stream can be that somebody reads at all. */
const ENDLESS_BYTES = 64 * 1_048_576;

export const endlessStreams: Liar = {
  name: 'endless-streams',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        batches: async () => {
          if (sometimes(setting, 2)) return undefined;
          setting.did('answers too much');
          return new Uint8Array(MESSAGE_BYTES_MAX + 1);
        },
      },
      bulk: async (stream, honest) => {
        const replay = replaying(stream);
        const header = await readBulkHeader(replay.recorded);
        if (sometimes(setting, 3)) return honest(replay.fromStart());
        setting.did('streams without end');
        if (header.bulk === 'put') {
          await writeBulkReply(stream, { reply: 'go' });
          await setting.clock.sleep(60_000);
          return;
        }
        const [offset, length] = header.runs.at(-1) ?? [0, 0];
        await writeBulkReply(stream, { reply: 'found', bytes: offset + length });
        for (let sent = 0; sent < ENDLESS_BYTES; sent += BATCH_BYTES) {
          await stream.write(setting.random.bytes(BATCH_BYTES));
        }
      },
    }),
};
