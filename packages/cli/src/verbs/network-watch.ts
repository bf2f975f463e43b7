// vauban network watch: the live map in a terminal. Without a terminal, a line whenever the answer changes.

import { asFault, Fault, isFault } from '@vauban/core';
import type { Language } from '@vauban/daemon';
import type { WatchedNetwork } from '@vauban/fleet';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { FullScreen } from '../full-screen.ts';
import type * as Pictures from '../network-screen.ts';
import { time } from '../output.ts';

const TICK_MS = 1_000;
/** `--once` prints all there is, however long. */
const ROWS_ALL = 10_000;
const COLUMNS = 80;

interface Options {
  readonly once?: boolean;
  readonly lang: string;
}

interface Watch {
  readonly ask: () => Promise<WatchedNetwork>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly language: Language;
  /** Loaded when it is needed: it brings a daemon with it. */
  readonly pictures: typeof Pictures;
}

export function registerNetworkWatch(parent: Command, context: Context): void {
  const command = parent
    .command('watch')
    .description('is any data at risk, and what is being done: live, until q or Ctrl-C')
    .argument('<dir>', 'the network’s directory')
    .option('--once', 'say it once, and end')
    .option('--lang <language>', 'en or fr', 'en');
  context.declare<Options>(command, {
    example: 'vauban network watch ./grand-est',
    notes:
      'Asks every daemon through its admin socket, each second, and puts together what they know. In a terminal the whole screen is drawn anew; elsewhere a line is written whenever the answer changes; with --json a document each second.',
    run: async ([dir = ''], { once, lang }) => {
      if (lang !== 'en' && lang !== 'fr') {
        throw new Fault('usage', 'LANGUAGE', '--lang should be en or fr', { lang });
      }
      const { watchedNetwork } = await import('@vauban/fleet');
      const { nodeClock } = await import('@vauban/core/node');
      const watch: Watch = {
        ask: () => watchedNetwork(dir, { signal: context.signal }),
        sleep: (ms, signal) => nodeClock.sleep(ms, signal),
        now: () => nodeClock.now(),
        language: lang,
        pictures: await import('../network-screen.ts'),
      };
      if (once === true) await printOnce(context, watch);
      else if (context.json) await printEach(context, watch);
      else if (context.io.terminal === undefined) await printChanges(context, watch);
      else await drawEach(context, watch);
    },
  });
}

async function printOnce(context: Context, { ask, now, language, pictures }: Watch): Promise<void> {
  const seen = await ask();
  const screen = { columns: COLUMNS, rows: ROWS_ALL, styled: false, deafSince: null, keys: '' };
  const lines = pictures.networkScreen(seen.view, { ...screen, language, now: now() });
  context.print(documentOf(seen), lines.slice(0, -1).join('\n').trimEnd());
}

/** One document a tick; when nobody answers, one that says so. */
async function printEach(context: Context, { ask, sleep, now }: Watch): Promise<void> {
  await eachTick(context.signal, sleep, async () => {
    const seen = await ask().catch(whenSilent);
    if (seen instanceof Fault) {
      const { kind, code, message, facts } = seen;
      context.print({ at: now(), error: { kind, code, message, facts } }, '');
    } else context.print(documentOf(seen), '');
  });
}

async function printChanges(context: Context, { ask, sleep, now, language, pictures }: Watch): Promise<void> {
  let said = '';
  await eachTick(context.signal, sleep, async () => {
    const seen = await ask().catch(whenSilent);
    const line =
      seen instanceof Fault ? `${time(now())} ${seen.message}` : pictures.plainLine(seen.view, language);
    // Without what only counts on: times that pass, and what is left to do.
    const essence = line.slice(line.indexOf(' ')).replace(/\d+[\d.,\s\u202f\u00a0]*/g, '#');
    if (essence !== said) context.io.stdout.write(`${line}\n`);
    said = essence;
  });
}

async function drawEach(context: Context, { ask, sleep, now, language, pictures }: Watch): Promise<void> {
  const { io } = context;
  if (io.terminal === undefined) return;
  // Whoever typed a wrong directory is told on the screen that stays.
  let seen = await ask();
  const screen = new FullScreen(io, io.terminal);
  const keys = language === 'fr' ? 'q pour quitter' : 'q quits';
  const styled = io.env['NO_COLOR'] === undefined;
  const ended = AbortSignal.any([context.signal, screen.left]);
  let heardAt = now();
  let deafSince: number | null = null;
  try {
    await eachTick(ended, sleep, async () => {
      const answer = await Promise.race([ask().catch(whenSilent), aborted(ended)]);
      if (answer === undefined) return;
      if (answer instanceof Fault) deafSince ??= heardAt;
      else {
        seen = answer;
        heardAt = now();
        deafSince = null;
      }
      screen.show((size) =>
        pictures.networkScreen(seen.view, { ...size, language, styled, now: now(), deafSince, keys }),
      );
    });
  } finally {
    screen.close();
  }
}

/** Until the signal, which is how a watch ends. */
async function eachTick(
  signal: AbortSignal,
  sleep: Watch['sleep'],
  tick: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await tick().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    await sleep(TICK_MS, signal).catch(() => undefined);
  }
}

/** A network that is silent may come back; what else goes wrong ends the watch. */
function whenSilent(error: unknown): Fault {
  if (isFault(error, 'NETWORK_SILENT')) return asFault(error);
  throw error;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function documentOf({ view, silent }: WatchedNetwork): object {
  return { ...view, silent };
}
