// One choice as it stands in vectors/rendezvous.json, and the options it means. `make-vectors.ts` writes the file.

import { type DaemonId, fromHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { Choice, ChooseOptions } from '../src/index.ts';
import { charterOf, daemonId, optionsOf, policyOf } from './charters.ts';

export interface ChoiceVector {
  readonly note: string;
  readonly seed: string;
  readonly k: number;
  readonly m: number;
  readonly sitesLost: number;
  /** Fragment bytes are ⌈segmentBytes / k⌉. */
  readonly segmentBytes: number;
  readonly daemons: readonly {
    readonly daemon: DaemonId;
    readonly site: string;
    readonly building: string;
    readonly hoster: string;
    readonly freeBytes: number;
  }[];
  readonly chosen: Choice | undefined;
}

export function vectorCase(vector: ChoiceVector): { vector: ChoiceVector; options: ChooseOptions } {
  const sites = Map.groupBy(vector.daemons, (one) => one.site);
  const charter = charterOf(
    [...sites].map(([id, daemons]) => ({
      id,
      hoster: daemons[0]?.hoster as string,
      building: daemons[0]?.building as string,
      daemons: daemons.map((one) => one.freeBytes),
    })),
  );
  for (const [id, daemons] of sites) {
    for (const [at, one] of daemons.entries()) {
      if (one.daemon !== daemonId(id, at)) throw new Error(`the vector names daemon ${one.daemon}`);
    }
  }
  const options = optionsOf(charter, policyOf(vector.k, vector.m, vector.sitesLost), {
    seed: fromHex(vector.seed) as Uint8Array,
    fragmentBytesOf: (k) => Math.ceil(vector.segmentBytes / k),
    crypto: nodeCrypto,
  });
  return { vector, options };
}
