// The agency as a person who works with the client: does one thing after the other, tries again what did not succeed,
// reopens the vault after a crash. Tells the checker what it asked for and what it was told.

import { asFault, Fault, toHex } from '@vauban/core';
import type { CatalogVersion, Vault } from '@vauban/client';
import type { Acknowledged } from '../checkers/acknowledged.ts';
import type { AgencyMachine } from '../agency-machine.ts';
import { contentOf, type LocalFile, localSource, localTarget } from '../local-files.ts';
import type { World } from '../world.ts';

const TRIES_MAX = 12;
const PAUSE_MS = 2_000;

/** What an operation came to: done, or the run of the program ended in the middle of it. */
type Outcome<Result> = { readonly done: Result } | { readonly crashed: true };

export class Agency {
  readonly #world: World;
  readonly #machine: AgencyMachine;
  readonly #acknowledged: Acknowledged;
  /** How often each fault made an operation be tried again. */
  readonly faults = new Map<string, number>();
  readonly #beyondPromise: () => boolean;
  #vault: Vault | undefined;
  operations = 0;
  crashes = 0;

  constructor(
    world: World,
    of: {
      readonly machine: AgencyMachine;
      readonly acknowledged: Acknowledged;
      /** More is wrong, or was a moment ago, than reads are promised to bear. */
      readonly beyondPromise: () => boolean;
    },
  ) {
    this.#world = world;
    this.#machine = of.machine;
    this.#acknowledged = of.acknowledged;
    this.#beyondPromise = of.beyondPromise;
  }

  async put(path: string, files: readonly LocalFile[]): Promise<void> {
    const { crypto } = this.#world;
    const source = localSource(path, files);
    const wanted = files.map((file) => ({
      path: [path, file.path].filter((part) => part !== '').join('/'),
      content: contentOf(crypto, file),
    }));
    await this.#until(`put ${path} (${files.length} files)`, async (vault) => {
      for (const one of wanted) this.#acknowledged.began(one.path, one.content);
      const { objects, problems } = await vault.put(source, path);
      for (const { fault } of problems) throw fault;
      if (objects.length !== files.length)
        throw new Error(`${objects.length} objects of ${files.length} were stored`);
    });
    for (const one of wanted) this.#acknowledged.done(one.path, one.content);
  }

  async remove(path: string): Promise<void> {
    const tried = { before: false };
    await this.#until(
      `remove ${path}`,
      async (vault) => {
        this.#acknowledged.began(path, null);
        await vault.remove(path).catch((error: unknown) => {
          // The try before may have succeeded without being told.
          if (!tried.before || asFault(error).code !== 'NOT_FOUND') throw error;
        });
        tried.before = true;
      },
      () => {
        tried.before = true;
      },
    );
    this.#acknowledged.done(path, null);
  }

  async get(path: string): Promise<void> {
    const { crypto } = this.#world;
    await this.#until(`get ${path}`, async (vault) => {
      const target = localTarget(crypto);
      vault.forgetPacks();
      const { problems } = await vault.get(path, () => target);
      for (const { fault } of problems) throw fault;
      this.#acknowledged.found(path, target.restored.get('') ?? null);
    });
  }

  /** Restores the whole vault, and expects neither more nor less than what is listed. */
  async getAll(): Promise<void> {
    const { crypto } = this.#world;
    await this.#until('get everything', async (vault) => {
      const target = localTarget(crypto);
      vault.forgetPacks();
      const { problems } = await vault.get('', () => target);
      for (const { fault } of problems) throw fault;
      this.#acknowledged.listed(target.restored);
    });
  }

  async list(): Promise<void> {
    await this.#until('list', async (vault) => {
      this.#acknowledged.listed(listing(await vault.list('')));
    });
  }

  /** How many more sites every segment bears to lose, as its holders prove it now. */
  async survives(): Promise<number> {
    const { trace } = this.#world;
    return this.#until('where', async (vault) => {
      const survives: number[] = [];
      for (const place of await vault.places('')) {
        const answer = await vault.challenge(place);
        const holders = answer.fragments.map((one) => `${one.index}:${one.site}${one.live ? '' : '!'}`);
        trace.note(
          this.#machine.name,
          `${place.k}+${place.m} on ${holders.join(' ')}: bears ${answer.survives}`,
        );
        survives.push(answer.survives);
      }
      return Math.min(...survives);
    });
  }

  /** Ends the session in order. */
  async close(): Promise<void> {
    await this.#vault?.close();
    this.#vault = undefined;
    this.#machine.kill();
  }

  /** Tries until it is done. Faults that no mishap explains, and too many tries, end the world. */
  async #until<Result>(
    what: string,
    work: (vault: Vault) => Promise<Result>,
    failed: () => void = () => undefined,
  ): Promise<Result> {
    this.operations += 1;
    const { trace } = this.#world;
    for (let attempt = 1; ; attempt++) {
      trace.note(this.#machine.name, `begins ${what}`);
      try {
        const outcome = await this.#run(work);
        if ('done' in outcome) {
          trace.note(this.#machine.name, `done ${what}`);
          return outcome.done;
        }
        this.crashes += 1;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        trace.note(this.#machine.name, `failed ${what}: ${error.code}: ${error.message}`);
        this.faults.set(error.code, (this.faults.get(error.code) ?? 0) + 1);
        if (!this.#excused(error) || attempt >= TRIES_MAX) {
          throw new Error(`${what} failed in try ${attempt} with ${error.code}: ${error.message}`, {
            cause: error,
          });
        }
      }
      failed();
      await this.#world.sleep(PAUSE_MS);
    }
  }

  /** What a hoster's crash may cause, and trying again mends. */
  #excused(fault: Fault): boolean {
    if (fault.kind === 'missing-fragments') return this.#beyondPromise();
    return fault.kind === 'unreachable' || fault.code === 'TOO_FEW_SITES';
  }

  async #run<Result>(work: (vault: Vault) => Promise<Result>): Promise<Outcome<Result>> {
    const start = async () => {
      this.#vault ??= await this.#machine.open(this.#machine.launch());
      return { done: await work(this.#vault) };
    };
    const doing = start();
    const crashed = this.#machine.ended.then(() => ({ crashed: true }) as const);
    const outcome = await Promise.race([doing, crashed]);
    if ('crashed' in outcome) this.#vault = undefined;
    return outcome;
  }
}

function listing(versions: readonly CatalogVersion[]): Map<string, string> {
  return new Map(
    versions.map(({ write }) => [write.path, write.sha256 === undefined ? write.kind : toHex(write.sha256)]),
  );
}
