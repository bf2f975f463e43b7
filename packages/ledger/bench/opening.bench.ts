// A mirror of a million entries on LevelDB: how long it takes to open and how much memory that is, as 2,000 logs of 500
// entries and as 10 logs of 100,000. Each is opened in a process of its own; VAUBAN_BENCH_ENTRIES makes it smaller.

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocatedBytes, fillMirror, type Opened } from './mirror.ts';

const ENTRIES = Number(process.env['VAUBAN_BENCH_ENTRIES'] ?? 1_000_000);
const MIB = 1 << 20;

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const logs of [Math.ceil(ENTRIES / 500), 10]) {
    const directory = await mkdtemp(join(tmpdir(), 'vauban-bench-mirror-'));
    try {
      const perLog = Math.floor(ENTRIES / logs);
      await fillMirror(directory, { logs, entries: perLog });
      const bytes = await allocatedBytes(directory);
      const opened = await openedApart(directory);
      const what = `${logs} logs of ${perLog} entries`;
      // A floor is a least value: of what is to be small, the inverse is measured.
      figures.push(
        { figure: `openings of ${what}`, value: 1_000 / opened.ms, unit: '/s', floor: 1 / 3 },
        { figure: `opening ${what}`, value: opened.ms, unit: 'ms (at most 3,000)' },
        {
          figure: `memory below 400 MiB after opening ${what}`,
          value: 400 - opened.bytes / MIB,
          unit: 'MiB',
          floor: 0,
        },
        {
          figure: `disk for an entry of ${what}, all nine mirrors`,
          value: (9 * bytes) / (logs * perLog),
          unit: 'bytes',
        },
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return figures;
}

function openedApart(directory: string): Promise<Opened> {
  const child = fork(fileURLToPath(new URL('./open-mirror.ts', import.meta.url)), [directory]);
  return new Promise((resolve, reject) => {
    let opened: Opened | undefined;
    child.on('message', (message) => {
      opened = message as Opened;
    });
    child.on('error', reject);
    child.on('exit', () => (opened === undefined ? reject(new Error('it did not open')) : resolve(opened)));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await bench());
