// The tests that need a container engine: npm run test:docker (scripts/docker-test.ts) sees to that. One network for all of
// them, a minute to build and start, and a fire to wait for.

import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

export default defineConfig({
  test: {
    name: 'docker',
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/docker/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 10 * MINUTE_MS,
    hookTimeout: 10 * MINUTE_MS,
  },
});
