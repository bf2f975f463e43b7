// Prints the slowest tests and the totals of the last runs of both tiers together.

import { readTotals, slowestTable, sum, totalsLine } from './test-report.ts';

const totals = sum([readTotals('fast'), readTotals('long')]);
console.log(slowestTable(totals.tests));
for (const reason of totals.outside) console.log(reason);
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
