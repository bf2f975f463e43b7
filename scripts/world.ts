// Replays one seeded history with its trace (npm run world -- --seed 7), or runs many and says what each came to (--seeds 100).

import { parseArgs } from 'node:util';
import { nodeGround, runSmoke, WorldFailure } from '@vauban/world';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, quiet: { type: 'boolean' } },
});
const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? 1);
if (![first, count].every((one) => Number.isSafeInteger(one) && one >= 0)) {
  console.error('usage: npm run world -- [--seed N] [--seeds how many] [--quiet]');
  process.exit(2);
}
const loud = values.quiet !== true && count === 1;
const ground = nodeGround();
for (let seed = first; seed < first + count; seed++) {
  try {
    const report = await runSmoke({ seed, ground, ...(loud ? { print: (line) => console.log(line) } : {}) });
    console.log(JSON.stringify(report));
  } catch (error) {
    if (!(error instanceof WorldFailure)) throw error;
    if (!loud) console.error(error.tail.join('\n'));
    console.error(error.message);
    process.exitCode = 1;
  }
}
