// Histories that found something, reduced to what mattered, with what it was.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeGround, parsePlan, type Plan, runHistory } from '../src/index.ts';

const ground = nodeGround();
const put = (at: number, path: string) => ({ do: 'put', by: 'town-1', at, path, files: [100] }) as const;
const verify = (at: number) => ({ do: 'verify', by: 'town-2', at }) as const;

const found: readonly { readonly what: string; readonly plan: Plan }[] = [
  {
    what: 'whoever checks the ledger while somebody writes accuses nobody',
    plan: {
      seed: 1,
      operations: [
        ...Array.from({ length: 9 }, (_, nth) => put(150 * nth, `p${nth}`)),
        ...Array.from({ length: 9 }, (_, nth) => verify(170 * nth)),
      ],
      faults: [],
      liars: [],
    },
  },
  {
    what: 'a device that is revoked in the middle of a put is told so, and its program does not break',
    plan: {
      seed: 1296,
      operations: [
        { do: 'put', by: 'town-2', at: 0, path: 'one', files: [100] },
        { do: 'revoke', by: 'town-1', at: 1_200, device: 'town-2' },
        { do: 'put', by: 'town-2', at: 1_240, path: 'p', files: [100] },
      ],
      faults: [],
      liars: [],
    },
  },
  {
    what: 'a log of another agency, shown by a liar now longer and now shorter, is no rollback of this vault',
    plan: parsePlan(readFileSync(new URL('found-foreign-logs.plan.json', import.meta.url), 'utf8')),
  },
  {
    what: 'a voter whose disk fails while it becomes ready does not die of it',
    plan: parsePlan(readFileSync(new URL('found-unreadable-entrant.plan.json', import.meta.url), 'utf8')),
  },
];

describe('what was found once', () => {
  it.each(found)('$what', async ({ plan }) => {
    await expect(runHistory({ plan, ground })).resolves.toBeDefined();
  });
});
