// Runs the benches, each file in a process of its own, and holds every figure against its floor and its aim.
// Arguments choose: a bench runs when its path contains one of them. Below a floor is exit status 1.

import { fork } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { machine, machineLine } from './machine.ts';
import { verdict, type Figure } from './verdict.ts';

const wanted = process.argv.slice(2);
const all = globSync(['packages/*/bench/*.bench.ts', 'tests/bench/*.bench.ts']).sort();
const files = all.filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));
if (files.length === 0) {
  console.log(
    all.length === 0
      ? 'There are no benches yet.'
      : `No bench has ${wanted.join(' or ')} in its path: ${all.join(', ')}.`,
  );
  process.exit(all.length === 0 ? 0 : 2);
}

console.log(machineLine);
const figures: (Figure & { readonly file: string })[] = [];
const broken: string[] = [];
for (const file of files) {
  const result = await figuresOf(file);
  if (result === undefined) broken.push(file);
  else figures.push(...result.map((figure) => ({ file, ...figure })));
}

const rows = figures.map((figure) => [
  figure.figure,
  inDigits(figure.value),
  figure.unit,
  inDigits(figure.floor),
  inDigits(figure.aim),
  verdict(figure),
]);
printTable([['figure', 'value', 'unit', 'floor', 'aim', 'verdict'], ...rows]);

const date = new Date().toISOString();
mkdirSync('.bench', { recursive: true });
const record = `.bench/${date.replaceAll(':', '-')}.json`;
writeFileSync(record, `${JSON.stringify({ date, machine, figures }, null, 2)}\n`);
console.log(`\nWritten to ${record}`);

const below = figures.filter((figure) => verdict(figure) === 'below floor').map(({ figure }) => figure);
for (const file of broken) console.log(`${file} failed; its own words are above.`);
if (below.length > 0) console.log(`Below the floor: ${below.join(', ')}`);
process.exitCode = below.length + broken.length > 0 ? 1 : 0;

/** What one bench file measured, or undefined if it failed (and said so itself). */
function figuresOf(file: string): Promise<readonly Figure[] | undefined> {
  const child = fork('scripts/bench-file.ts', [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let measured: readonly Figure[] | undefined;
  child.on('message', (message) => {
    measured = message as readonly Figure[];
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status === 0 ? measured : undefined));
  });
}

function inDigits(value: number | undefined): string {
  if (value === undefined) return '';
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Columns as wide as their longest cell; the numbers (value, floor, aim) to the right. */
function printTable(table: readonly (readonly string[])[]): void {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  const toTheRight = new Set([1, 3, 4]);
  for (const row of table) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return toTheRight.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    console.log(cells.join('  ').trimEnd());
  }
}
