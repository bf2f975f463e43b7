// What a daemon's care wants from a human: nothing while all is well, and never nothing while no quorum is heard.

import { expect, test } from 'vitest';
import { sampleCharter } from '../../ledger/test/sample-charter.ts';
import { careView } from '../src/admin/care-view.ts';
import type { Parts } from '../src/parts.ts';

/** Nine hosters with a vote, f = 2: six are a quorum. */
const charter = sampleCharter(9);

function wants(heard: boolean) {
  const parts = {
    keeper: { chain: { current: charter } },
    care: {
      standing: { repairPaused: false },
      watch: { heard },
      repair: { helpless: { homeless: 0, unreadable: 0 } },
      watching: {
        auditor: { progress: () => ({ degraded: 0 }) },
        scrub: { progress: () => ({ waitingFragments: 0 }) },
      },
      erase: { eraser: { wants: () => [] } },
    },
  };
  return careView(parts as unknown as Parts, charter.daemons[0]?.id as string).wants?.();
}

test('a daemon that hears no quorum says so, and what to do', () => {
  expect(wants(true)).toEqual([]);
  expect(wants(false)).toMatchObject([
    {
      code: 'QUORUM_UNHEARD',
      message: expect.stringMatching(/\(6 of 9, its own included\).*Look at its own line/),
      facts: { needed: 6, hosters: 9 },
    },
  ]);
});
