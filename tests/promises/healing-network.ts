// Where healing is watched: real daemons that lose patience in seconds, files of one agency whose places are known, and
// what the disks hold of them, looked at from outside.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Durations, Policy } from '@vauban/core';
import { enactCharter } from '@vauban/fleet';
import { metricOf } from '../support/admin.ts';
import { type Shape, TestNetwork, type TestVault } from '../support/network.ts';
import { fewestOnDisks, heldOnDisks, type PlacedRoots, placedRoots } from './surviving-disks.ts';

export interface HealingShape extends Shape {
  readonly durations: Partial<Durations>;
  readonly policy?: Partial<Policy>;
  /** Stored before anything goes wrong. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export class HealingNetwork {
  readonly network: TestNetwork;
  readonly vault: TestVault;
  /** Of all files. */
  readonly placed: readonly PlacedRoots[];
  readonly #files: ReadonlyMap<string, Buffer>;

  private constructor(
    of: Pick<HealingNetwork, 'network' | 'vault' | 'placed'> & Pick<HealingShape, 'files'>,
  ) {
    this.network = of.network;
    this.vault = of.vault;
    this.placed = of.placed;
    this.#files = of.files;
  }

  static async up({ durations, policy, files, ...shape }: HealingShape): Promise<HealingNetwork> {
    const network = await TestNetwork.up(shape);
    try {
      await enactCharter(network.directory, (charter) => ({
        ...charter,
        durations: { ...charter.durations, ...durations },
        policies: charter.policies.map((one) => ({ ...one, ...policy })),
      }));
      const vault = await network.vault();
      for (const [name, content] of files) {
        await writeFile(join(network.scratch, name), content);
        await vault.ask('put', join(network.scratch, name), name);
      }
      return new HealingNetwork({
        network,
        vault,
        files,
        placed: await placedRoots(vault, [...files.keys()]),
      });
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Throws unless every file, or those named, comes back as it was. `when` names the copies. */
  async reads(when: string, { of = [...this.#files.keys()], by = this.vault } = {}): Promise<void> {
    for (const name of of) {
      const back = join(this.network.scratch, `${name}-${when}`);
      await by.ask('get', name, back);
      const same = (await readFile(back)).equals(this.#files.get(name) as Buffer);
      if (!same) throw new Error(`${name} came back with other bytes (${when})`);
    }
  }

  /** Per segment, the sites of its whole fragments: one entry for each copy. */
  async sitesOf(): Promise<string[][]> {
    const held = await heldOnDisks(this.network, this.placed);
    return [...held.values()].map((indices) => [...indices.values()].flat().sort());
  }

  /** Different fragments of a segment on the disks, where there are fewest. */
  fewest(): Promise<number> {
    return fewestOnDisks(this.network, this.placed);
  }

  async running() {
    return (await this.network.daemons()).filter(({ pid }) => pid !== undefined);
  }

  /** Fragments, by all that run. */
  async repaired(): Promise<number> {
    const counts = (await this.running()).map((one) => metricOf(one, 'vauban_repaired_fragments_total'));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  close(): Promise<void> {
    return this.network.close();
  }
}
