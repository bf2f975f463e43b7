// A staged daemon: the very daemon that hosters run, on a disk and a network that do what a drill says. What it suffers is in
// `staged.json` beside its configuration, read again and again.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeClock } from '@vauban/core/node';
import { runDaemon, type RunOptions } from '@vauban/daemon';
import { noFaults, parseFaults, STAGED_FILE, type StagedFaults } from '../staged/staged-faults.ts';
import { stagedFiles } from '../staged/staged-files.ts';
import { stagedNetwork } from '../staged/staged-network.ts';

const LOOK_MS = 100;

/** As runDaemon. Faults: those, STAGE_MALFORMED. */
export async function runStagedDaemon(options: Omit<RunOptions, 'staged'>): Promise<void> {
  const path = join(dirname(options.config), STAGED_FILE);
  let now = faultsAt(path);
  const looking = setInterval(() => {
    try {
      now = faultsAt(path);
    } catch {
      // What a person wrote there by hand is no reason to die: what was staged before goes on.
    }
  }, LOOK_MS);
  const faults = () => now;
  try {
    await runDaemon({
      ...options,
      staged: {
        files: (files) => stagedFiles(files, faults),
        network: (network) => stagedNetwork(network, { clock: nodeClock, faults }),
      },
    });
  } finally {
    clearInterval(looking);
  }
}

/** A file that is missing stages nothing; the stage replaces it whole, so that none is ever half written. */
function faultsAt(path: string): StagedFaults {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return noFaults;
  }
  return parseFaults(text);
}
