// Two tiers over the same two places: what one package promises, and what all of them promise together.
// The tier is vitest's mode: `long` runs only *.long.test.ts, anything else all but those.

import { defineConfig } from 'vitest/config';

if (Number.parseInt(process.versions.node, 10) < 24) {
  throw new Error(
    `The tests need Node 24 and this is ${process.version}: start them with \`npm test\`, or put node_modules/.bin first on PATH.`,
  );
}

const MINUTE_MS = 60_000;

export default defineConfig(({ mode }) => {
  const long = mode === 'long';
  const shared = {
    pool: 'forks' as const,
    environment: 'node' as const,
    // Files share their process: loading the packages anew costs more than many of them do.
    isolate: false,
    testTimeout: long ? 10 * MINUTE_MS : 2 * MINUTE_MS,
    hookTimeout: long ? 10 * MINUTE_MS : 2 * MINUTE_MS,
  };
  // What needs a container engine has a configuration of its own: npm run test:docker.
  const elsewhere = ['**/node_modules/**', 'tests/docker/**'];
  const files = (folder: string) => ({
    include: [`${folder}/**/*${long ? '.long' : ''}.test.ts`],
    exclude: long ? elsewhere : [...elsewhere, '**/*.long.test.ts'],
  });
  return {
    test: {
      projects: [
        {
          test: {
            ...shared,
            ...files('packages/*/test'),
            name: 'packages',
            maxWorkers: 2,
            sequence: { groupOrder: 0 },
          },
        },
        {
          // Real daemons on loopback, after the packages, so that nothing starves them; they wait as much as they work.
          test: { ...shared, ...files('tests'), name: 'tests', maxWorkers: 2, sequence: { groupOrder: 1 } },
        },
      ],
    },
  };
});
