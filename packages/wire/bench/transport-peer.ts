// The other process of the transport bench: sinks bulk bytes, echoes requests, and says what it cost.

import { nodeClock } from '@vauban/core/node';
import { libp2pNetwork } from '../src/adapters/libp2p-network.ts';

const seed = new Uint8Array(32);
crypto.getRandomValues(seed);
const network = libp2pNetwork({ transportSeed: seed, listen: ['/ip4/127.0.0.1/tcp/0'], clock: nodeClock });
const buffer = new Uint8Array(262_144);

network.serve({
  request: async (_from, body) => {
    if (body.length > 0) return body;
    const { user, system } = process.cpuUsage();
    return new TextEncoder().encode(String(user + system));
  },
  bulk: async (_from, stream) => {
    const header = await stream.read(8);
    let left = Number(new DataView(header.buffer).getBigUint64(0));
    for (; left > 0; left -= Math.min(left, buffer.length)) {
      await stream.readInto(left < buffer.length ? buffer.subarray(0, left) : buffer);
    }
    await stream.write(new Uint8Array(1));
  },
  closed: () => undefined,
});
await network.start();
process.on('message', () => void network.stop().then(() => process.disconnect()));
process.on('disconnect', () => void network.stop());
process.send?.({ peer: network.self, addresses: network.addresses });
