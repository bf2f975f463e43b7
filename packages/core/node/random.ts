// The random port on Node: the operating system's generator.

import { randomBytes } from 'node:crypto';
import type { Random } from '../src/index.ts';

export const nodeRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
