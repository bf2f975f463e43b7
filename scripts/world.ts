// Placeholder while the crowd is being written.
import { parseArgs } from 'node:util';
import { drawPlan, nodeGround, runHistory, WorldFailure } from '@vauban/world';

const { values } = parseArgs({ options: { seed: { type: 'string' } } });
const ground = nodeGround();
try {
  const plan = drawPlan(ground.crypto, Number(values.seed ?? 1));
  console.log(JSON.stringify(await runHistory({ plan, ground, print: (line) => console.log(line) })));
} catch (error) {
  if (!(error instanceof WorldFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
