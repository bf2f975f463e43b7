// What the parts of a mirror stand on: its logs, its seat, and the ports they all use.

import { assert, type Clock, type Crypto } from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { genesisOf, type ResolveWriter } from './held-logs.ts';
import type { LogStore } from './log-store.ts';
import type { VotingSeat } from './voting-seat.ts';
import { storedWriterOf, type Writer } from './writer.ts';

export interface MirrorGround {
  readonly logs: LogStore;
  readonly seat: VotingSeat;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charters: CharterChain;
}

/** The writer that a stored log's first record names, whose signatures were checked when it came in. */
export function storedWriter({ crypto, charters }: MirrorGround): ResolveWriter {
  return (genesis, origin) => {
    const writer = storedWriterOf(crypto, charters.versions(), { origin, payload: genesisOf(genesis) });
    assert(writer !== undefined, 'the writer of a stored log is known to some charter version');
    return writer;
  };
}

/** The writer of a log held here. */
export async function writerHeld(ground: MirrorGround, origin: string): Promise<Writer> {
  const writer = await ground.logs.writer(origin, storedWriter(ground));
  assert(writer !== undefined, 'a stored log has a writer');
  return writer;
}
