// A liar: answers uploads and requests for receipts with signatures that are none.

import { readBulkHeader, writeBulkReply } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { replaying } from './replaying-stream.ts';
import { speaking } from './mouth.ts';

export const forgedReceipts: Liar = {
  name: 'forged-receipts',
  losesData: true,
  wrap: (ports, setting) => {
    const forge = () => {
      setting.did('forges a receipt');
      return { generation: 0, receipt: setting.random.bytes(64) };
    };
    return speaking(ports, {
      answers: { receipt: (question) => question.say(forge()) },
      bulk: async (stream, honest) => {
        const replay = replaying(stream);
        const header = await readBulkHeader(replay.recorded);
        if (header.bulk !== 'put') return honest(replay.fromStart());
        await writeBulkReply(stream, { reply: 'receipt', ...forge() });
        await stream.closeWrite();
      },
    });
  },
};
