// Prints the slowest tests, the failures and the totals of the last runs of all tiers together.

import { readTotals, sum, summary } from './test-report.ts';

const totals = sum([readTotals('fast'), readTotals('long'), readTotals('docker')]);
console.log(summary(totals));
process.exitCode = totals.failures.length > 0 ? 1 : 0;
