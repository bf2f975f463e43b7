// The database files of a stopped daemon, damaged byte by byte, and the daemon started again as its command starts it:
// among three others that go on, until it votes and its ledger is as whole as theirs. Nobody lifts a finger meanwhile.

import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runDaemon } from '@vauban/daemon';
import { daemonPlaces } from '@vauban/fleet';
import { Consortium } from '../refusals/consortium.ts';
import { until } from '../refusals/network.ts';
import { keepOf, objects, type Pen } from '../refusals/pen.ts';

/** Which of the four sites has the bad disk. */
const VICTIM = 3;
const OTHERS = [0, 1, 2];

export interface DamagedByte {
  readonly file: string;
  readonly at: number;
}

/** What became of one damaged byte. */
export interface Outcome {
  readonly byte: DamagedByte;
  /** Events of the daemon's log at warn and above. */
  readonly events: readonly string[];
}

/** Kind of a database file, by its name: `ldb`, `log`, `MANIFEST`, `CURRENT`, … */
export function kindOf(file: string): string {
  return file.replace(/^\d+\./, '').replace(/-\d+$/, '');
}

export class DamagedDatabase {
  readonly #of: Consortium;
  readonly #config: string;
  readonly #sound: string;
  readonly #pens: readonly Pen[];

  private constructor(of: Consortium, at: { config: string; sound: string; pens: readonly Pen[] }) {
    this.#of = of;
    this.#config = at.config;
    this.#sound = at.sound;
    this.#pens = at.pens;
  }

  /** Four daemons with a few logs, places and fragments; the victim stopped, its database in tables and in a log. */
  static async open(): Promise<DamagedDatabase> {
    const of = await Consortium.open({ pace: 30 });
    const { network } = of;
    const pens: Pen[] = [];
    const held = of.segment('held');
    await of.courier.upload(VICTIM, held, 1);
    for (let nth = 0; nth < 6; nth++) {
      const { pen, genesis } = of.device();
      const place = of.place(`segment ${nth}`);
      const appends = [pen.write([genesis, objects('a')]), pen.write([place])];
      for (const append of appends) for (const at of [...OTHERS, VICTIM]) await of.mustBring(append, at);
      const certificate = await of.certify(pen);
      await of.courier.ask(VICTIM, 'certify', { origin: pen.origin, certificate });
      const more = pen.write([keepOf(place.segment), objects('b'.repeat(300 * nth))]);
      for (const at of [...OTHERS, VICTIM]) await of.mustBring(more, at);
      pens.push(pen);
      // What was written before a start lies in tables, what came after in the newest log.
      if (nth !== 2 && nth !== 4) continue;
      await network.stop(VICTIM);
      await network.start(VICTIM);
      await network.untilVoting(VICTIM);
      await of.courier.ask(VICTIM, 'status', {});
    }
    for (const pen of pens.slice(0, 3)) await of.certify(pen);
    await network.stop(VICTIM);
    const sound = join(network.directory, 'sound-store');
    await cp(join(network.site(VICTIM).data, 'store'), sound, { recursive: true });
    const config = (await daemonPlaces(network.root))[VICTIM]?.config ?? '';
    return new DamagedDatabase(of, { config, sound, pens });
  }

  close(): Promise<void> {
    return this.#of.close();
  }

  /** About `wanted` positions: each kind of file gets the same share, spread over all files of the kind. */
  async positions(wanted: number): Promise<DamagedByte[]> {
    const byKind = new Map<string, { file: string; bytes: number }[]>();
    for (const file of (await readdir(this.#sound)).sort()) {
      const { size: bytes } = await stat(join(this.#sound, file));
      if (bytes > 0) byKind.set(kindOf(file), [...(byKind.get(kindOf(file)) ?? []), { file, bytes }]);
    }
    const share = Math.max(1, Math.floor(wanted / byKind.size));
    return [...byKind.values()].flatMap((files) =>
      Array.from({ length: share }, (_, nth) => {
        const { file, bytes } = files[nth % files.length] as (typeof files)[number];
        // Steps of the golden ratio leave no large gap, however many there are.
        return { file, at: Math.floor(bytes * ((0.5 + nth * 0.618_033_988_75) % 1)) };
      }),
    );
  }

  /** Damages one byte, starts the daemon, waits until it votes and is whole, stops it. Rejects when it does not come back. */
  async survive(byte: DamagedByte): Promise<Outcome> {
    const { network } = this.#of;
    const store = join(network.site(VICTIM).data, 'store');
    await rm(store, { recursive: true });
    await cp(this.#sound, store, { recursive: true });
    const path = join(store, byte.file);
    const bytes = await readFile(path);
    bytes[byte.at] = (bytes[byte.at] ?? 0) ^ 0x55;
    await writeFile(path, bytes);
    const events: string[] = [];
    const stop = new AbortController();
    const running = runDaemon({
      config: this.#config,
      log: (line) => {
        const { level, event } = JSON.parse(line) as { level: string; event: string };
        if (level === 'warn' || level === 'error') events.push(event);
      },
      ready: () => undefined,
      stop: stop.signal,
    });
    let ended: Error | undefined;
    running.catch((error: unknown) => {
      ended = error instanceof Error ? error : new Error(String(error));
    });
    try {
      await until(
        async () => {
          if (ended !== undefined) throw ended;
          return this.#isWhole().catch(() => false);
        },
        `it comes back from byte ${byte.at} of ${byte.file}: ${events.join(', ')}`,
      );
    } finally {
      stop.abort();
      await running;
    }
    for (const at of OTHERS) {
      const { silent, alerts } = await this.#of.courier.ask(at, 'status', {});
      if (silent !== null || alerts.length > 0) throw new Error(`site ${at} is troubled: ${alerts[0]?.code}`);
    }
    return { byte, events };
  }

  /** It votes, nothing is wrong, and it hands out, byte for byte, what the others do, and its fragment. */
  async #isWhole(): Promise<boolean> {
    const { courier } = this.#of;
    const { silent, alerts } = await courier.ask(VICTIM, 'status', {});
    if (silent !== null || alerts.length > 0) return false;
    for (const { origin } of this.#pens) {
      const entries = async (at: number) => {
        const { batches } = await courier.ask(at, 'batches', { origin, from: 0 });
        return JSON.stringify(
          batches.flatMap(({ records }) => records.map((one) => Object.values(one).map(String))),
        );
      };
      if ((await entries(VICTIM)) !== (await entries(0))) return false;
    }
    await courier.ask(VICTIM, 'leaf', { segment: this.#of.segment('held').id, index: 1, leaf: 0 });
    return true;
  }

  /** After all that it still votes with the same key: a fresh log, and one that it held before. */
  async votes(): Promise<void> {
    const { network } = this.#of;
    await rm(join(network.site(VICTIM).data, 'store'), { recursive: true });
    await cp(this.#sound, join(network.site(VICTIM).data, 'store'), { recursive: true });
    await network.start(VICTIM);
    await network.untilVoting(VICTIM);
    await this.#of.courier.ask(VICTIM, 'status', {});
    const [pen] = this.#pens;
    if (pen === undefined) throw new Error('a log');
    const { pen: fresh, genesis } = this.#of.device();
    for (const append of [pen.write([objects('after')]), fresh.write([genesis, objects('new')])])
      for (const at of [...OTHERS, VICTIM]) await this.#of.mustBring(append, at);
    await network.stop(VICTIM);
  }
}
