// Every kind of liar a plan may choose.

import type { Liar } from '../liar.ts';

export const liars: readonly Liar[] = [];
