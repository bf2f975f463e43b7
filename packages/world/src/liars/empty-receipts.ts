// A liar: signs for fragments it never stores: true receipts of nothing.

import { fragmentBytesOf, segmentIdOf, signReceipt } from '@vauban/ledger';
import { readBulkHeader, writeBulkReply } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { replaying } from './replaying-stream.ts';
import { speaking } from './mouth.ts';

export const emptyReceipts: Liar = {
  name: 'empty-receipts',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      bulk: async (stream, honest) => {
        const replay = replaying(stream);
        const header = await readBulkHeader(replay.recorded);
        if (header.bulk !== 'put') return honest(replay.fromStart());
        setting.did('gives an empty receipt');
        const { crypto, identity, charter } = setting;
        const { segment: descriptor, index } = header;
        const bytes = fragmentBytesOf(descriptor);
        const claim = {
          charterName: charter().name,
          segment: segmentIdOf(crypto, descriptor),
          index,
          root: descriptor.roots[index] ?? new Uint8Array(32),
          bytes,
          daemon: identity.daemon,
          generation: 0,
        };
        await writeBulkReply(stream, { reply: 'go' });
        await stream.read(bytes);
        const receipt = signReceipt(crypto, claim, ports.keys.receiptSeed);
        await writeBulkReply(stream, { reply: 'receipt', generation: 0, receipt });
        await stream.closeWrite();
      },
    }),
};
