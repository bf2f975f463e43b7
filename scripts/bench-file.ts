// Runs the one bench file named and hands its figures to the parent, so that no bench warms or fills another's heap.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Figure } from './verdict.ts';

const file = resolve(process.argv[2] ?? '');
const { bench } = (await import(pathToFileURL(file).href)) as { bench: () => Promise<readonly Figure[]> };
process.send?.(await bench(), () => process.disconnect());
