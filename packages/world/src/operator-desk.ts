// What the consortium's operator does from its own machine: says what it knows of sites, in a log of its own; asks daemons how
// far repair is; pauses it and lets it go on.

import { type Daemon, findDaemon, memoryStore, Mutex, votingHosters } from '@vauban/core';
import { CharterChain, LogStore, LogWriter, type Payload } from '@vauban/ledger';
import { type AnswerOf, remoteVoter } from '@vauban/wire';
import { OPERATOR } from './membership.ts';
import { desk } from './officers-desk.ts';
import type { World } from './world.ts';

/** What could not be said for want of a quorum is tried again after so long. */
const AGAIN_MS = 2_000;

type SiteWord = Extract<Payload, { readonly kind: 'site-lost' | 'maintenance' }>;
type Ask = Awaited<ReturnType<typeof desk>>;

interface Pen {
  readonly lock: Mutex;
  readonly ask: Promise<Ask>;
  writer: LogWriter | undefined;
}

const pens = new WeakMap<World, Pen>();

function penOf(world: World): Pen {
  const known = pens.get(world) ?? { lock: new Mutex(), ask: desk(world, OPERATOR), writer: undefined };
  pens.set(world, known);
  return known;
}

/** Resolves once a quorum certified it and whoever is there has heard of it; false when that takes longer. */
export function operatorSays(world: World, word: SiteWord, timeMsMax: number): Promise<boolean> {
  const pen = penOf(world);
  return pen.lock.run(async () => {
    const end = world.nowMs + timeMsMax;
    let signed = false;
    for (;;) {
      try {
        pen.writer ??= await openLog(world, await pen.ask);
        // What was signed once is brought again, never written twice.
        if (signed) await pen.writer.finish();
        else {
          const before = pen.writer.size;
          try {
            await pen.writer.append(() => [word]);
          } finally {
            signed = pen.writer.size > before;
          }
        }
        await pen.writer.spreadCertificate();
        return true;
      } catch (error) {
        world.trace.note(OPERATOR, `cannot say so yet: ${error instanceof Error ? error.message : '?'}`);
      }
      if (world.nowMs > end) return false;
      await world.sleep(AGAIN_MS);
    }
  });
}

async function openLog(world: World, ask: Ask): Promise<LogWriter> {
  const { crypto, charters } = world;
  const program = world.program(OPERATOR, 1);
  const chain = CharterChain.from(crypto, charters.signedFrom(1));
  const writer = new LogWriter({
    crypto,
    clock: program.clock,
    random: world.random('operator/log'),
    charters: chain,
    voters: () => {
      const charter = chain.current;
      return votingHosters(charter).flatMap((hoster) => {
        const daemon = findDaemon(charter, hoster.voter ?? '');
        return daemon === undefined ? [] : [remoteVoter(hoster.id, ask(daemon))];
      });
    },
    newer: async () => {
      for (const signed of charters.signedFrom(chain.current.version + 1)) chain.extend(signed);
    },
    logs: await LogStore.open(memoryStore(), crypto),
    seed: world.key(OPERATOR),
    genesis: { kind: 'genesis', writer: 'operator', operator: OPERATOR },
  });
  await writer.start();
  return writer;
}

/** By hoster, of those that answer. */
export async function healingOf(
  world: World,
  hosters: readonly string[],
): Promise<ReadonlyMap<string, AnswerOf<'healing'>>> {
  const answers = new Map<string, AnswerOf<'healing'>>();
  await eachDaemon(world, hosters, async (hoster, client) => {
    answers.set(hoster, await client.ask('healing', {}));
  });
  return answers;
}

/** Whoever does not hear it goes on as before; answers who heard. */
export async function pauseRepair(
  world: World,
  hosters: readonly string[],
  paused: boolean,
): Promise<string[]> {
  const heard: string[] = [];
  await eachDaemon(world, hosters, async (hoster, client) => {
    await client.ask('repair-pause', { paused });
    heard.push(hoster);
  });
  return heard;
}

async function eachDaemon(
  world: World,
  hosters: readonly string[],
  work: (hoster: string, client: ReturnType<Ask>) => Promise<void>,
): Promise<void> {
  const ask = await penOf(world).ask;
  const daemons = world.charters.current.daemons.filter(({ site }) => hosters.includes(site));
  await Promise.all(daemons.map((daemon: Daemon) => work(daemon.site, ask(daemon)).catch(() => undefined)));
}
