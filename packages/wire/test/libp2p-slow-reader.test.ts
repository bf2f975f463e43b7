import { nodeClock } from '@vauban/core/node';
import { expect, test } from 'vitest';
import { peerOf, startClient, startNetwork } from './libp2p-fixture.ts';

const MIB = 1_048_576;

// A read that wakes a paused stream gets more at once than is read ahead, so that the stream pauses again: were the
// sender granted a window each time, they would pile up until the muxer resets the stream.
test('a reader that is slower than the sender gets every byte', async () => {
  const sentBytes = 12 * MIB;
  const server = await startNetwork();
  const client = await startClient();
  const stream = await client.bulk(peerOf(server), { deadlineMs: 10_000 });
  const asked = new Uint8Array(4);
  new DataView(asked.buffer).setUint32(0, sentBytes);
  // The server echoes: what comes back is read slowly.
  const writing = stream.write(asked).then(() => stream.write(new Uint8Array(sentBytes).fill(7)));
  let read = 0;
  while (read < sentBytes) {
    const some = await stream.read(Math.min(65_536, sentBytes - read));
    expect(some.every((byte) => byte === 7)).toBe(true);
    read += some.length;
    await nodeClock.sleep(2);
  }
  await writing;
  expect(read).toBe(sentBytes);
});
