// TCP ports on the loopback address that nobody listens on now.

import { createServer } from 'node:net';
import { Fault, randomBelow } from '@vauban/core';
import { nodeRandom } from '@vauban/core/node';

/** Below the range from which systems give ports to outgoing connections, so that none of those takes one meanwhile. */
const PORT_MIN = 17_000;
const PORT_MAX = 32_000;

/** Different ports, each tried out a moment ago. Faults: PORTS_TAKEN. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const first = randomBelow(nodeRandom, PORT_MAX - PORT_MIN);
  for (let step = 0; ports.length < count; step++) {
    if (step > PORT_MAX - PORT_MIN) {
      throw new Fault(
        'failure',
        'PORTS_TAKEN',
        `no ${count} free ports between ${PORT_MIN} and ${PORT_MAX}`,
        {
          count,
        },
      );
    }
    const port = PORT_MIN + ((first + step) % (PORT_MAX - PORT_MIN));
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
