// npm run docker:demo: nine hosters in containers, one burns, nothing is lost, nothing is left behind. It tells what happens
// as it happens, and ends with a report; --json prints that as a document instead.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endEngine, ensureEngine } from './docker-command.ts';
import { Rehearsal } from './docker-rehearsal.ts';
import { burnAndHeal, type Fire, megabytes } from './docker-story.ts';

/** Where others wait for a quarter of an hour. */
const LOST_AFTER_MS = 15_000;
const SITE = 'strasbourg';
/** Whose live map is shown. */
const WITNESS = 'metz';

const json = process.argv.includes('--json');
const start = performance.now();
const tell = (line: string) => {
  const seconds = ((performance.now() - start) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

// Ctrl-C ends what is under way, and all is removed as at the end; a second one ends this at once.
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
const { signal } = interruption;

const engine = mkdtempSync(join(tmpdir(), 'vauban-engine-'));
let left: readonly string[] = [];
try {
  const fire = await play();
  process.stdout.write(json ? `${JSON.stringify({ ...fire, left })}\n` : report(fire));
  process.exitCode = isWell(fire) && left.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`docker:demo: ${signal.aborted ? 'interrupted' : (error as Error).message}\n`);
  process.exitCode = signal.aborted ? 130 : 1;
} finally {
  await endEngine(engine);
}

async function play(): Promise<Fire> {
  const reason = await ensureEngine(engine);
  if (reason !== undefined) throw new Error(reason);
  const rehearsal = await Rehearsal.prepare({ lostAfterMs: LOST_AFTER_MS, tell, signal });
  try {
    await rehearsal.up();
    tell(`to watch it in a browser of this machine: ${await rehearsal.mapLink(WITNESS)}`);
    tell('an agency makes its keys; the officers put it into the charter');
    await rehearsal.openVault();
    return await burnAndHeal(rehearsal, { site: SITE, tell });
  } finally {
    tell('removing containers, volumes, networks and images');
    await rehearsal.close();
    left = await rehearsal.left();
  }
}

function isWell({ same, files, healed, before }: Fire): boolean {
  return same === files && healed.fewest === before.fewest;
}

function report(fire: Fire): string {
  const { site, files, userBytes, segments, before, afterwards, healed, burnt, healedMs, same } = fire;
  const rows = Object.keys(before.bySite).map((name) =>
    [name.padEnd(22), before.bySite[name], afterwards.bySite[name], healed.bySite[name]]
      .map((cell) => String(cell).padStart(8))
      .join(''),
  );
  const verdict = isWell(fire) ? 'Nothing is lost' : 'SOMETHING IS LOST';
  return `
${verdict}: ${same} of ${files} files (${megabytes(userBytes)}) read back byte for byte after ${site} burnt.

whole fragments         before   after  healed
${rows.join('\n')}
of the worst segment   ${[before, afterwards, healed].map(({ fewest }) => String(fewest).padStart(7)).join(' ')}

${segments} segments of 6 + 3; ${burnt.fragmentsLost} fragments (${megabytes(burnt.bytesLost)}) lost with the disk of ${site}.
Healed ${Math.round(healedMs / 1000)} s after the fire, ${LOST_AFTER_MS / 1000} s of which a silent site is waited for.
${left.length === 0 ? 'Everything that was made for this is removed.' : `Left behind: ${left.join(' ')}`}
`;
}
