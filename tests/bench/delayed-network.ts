// A network with every message under way for so long: what a client in another town sees. One-way, in both directions.

import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '@vauban/core';

export function delayed(network: Network, oneWayMs: number): Network {
  if (oneWayMs === 0) return network;
  return {
    get self() {
      return network.self;
    },
    get addresses() {
      return network.addresses;
    },
    get traffic() {
      return network.traffic;
    },
    start: () => network.start(),
    stop: () => network.stop(),
    serve: (handler) => network.serve(handler),
    bulk: (peer, options) => network.bulk(peer, options),
    async request(peer, body, options) {
      await exactly(oneWayMs);
      const answer = await network.request(peer, body, options);
      await exactly(oneWayMs);
      return answer;
    },
  };
}

/** A timer alone is late by up to two milliseconds, which would count as the ledger's. */
async function exactly(ms: number): Promise<void> {
  const end = performance.now() + ms;
  await sleep(ms - 2);
  while (performance.now() < end) await turn();
}
