// Proofs of deletion: the fixtures, what they say, and what none may get away with.

import { readFileSync } from 'node:fs';
import { Fault, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  checkDeletion,
  checkProof,
  deletionWordsOf,
  isFinished,
  makeDeletion,
  makeProof,
  notErased,
} from '../src/index.ts';
import {
  deletionEvidence,
  erase,
  giveUp,
  keptWorld,
  storedDeletion,
  storedDeletions,
  storyOf,
} from './deletion-stories.ts';
import { LAPTOP } from './proof-world.ts';
import { crypto, daemonOf, DAY_MS, NOW } from './sample-charter.ts';
import { custodyOf, deviceGenesis, objects, releaseOf, VAULT, voidOf } from './samples.ts';

const stated = async (of: Awaited<ReturnType<typeof keptWorld>>) => {
  const { proof, root } = await storyOf(of);
  return checkDeletion(crypto, utf8(proof), root);
};

describe('fixtures', () => {
  test.each(storedDeletions)('$name is still written, accepted and understood', async ({ name, story }) => {
    const { proof, root } = await story();
    const stored = storedDeletion(name);
    expect(proof).toBe(Buffer.from(stored.file).toString('utf8'));
    expect(await checkDeletion(crypto, stored.file, root)).toEqual(stored.statement);
    expect(proof.startsWith(deletionWordsOf(stored.statement))).toBe(true);
  });

  test('say what is finished, and who has not erased', () => {
    const [finished, unfinished] = storedDeletions.map(({ name }) => storedDeletion(name).statement);
    expect([finished?.finished, unfinished?.finished]).toEqual([true, false]);
    const [segment] = unfinished?.segments ?? [];
    if (segment === undefined) throw new Error('a segment');
    expect(isFinished(segment)).toBe(false);
    expect(notErased(segment).map(({ fragment, daemon }) => [fragment, daemon])).toEqual([
      [0, daemonOf('h1')],
      [2, daemonOf('h3')],
    ]);
    expect(segment.claims.map(({ kind, released }) => [kind, released !== null])).toEqual([
      ['place', true],
      ['keep', false],
    ]);
  });

  test.each(storedDeletions)('$name is refused with any byte changed', async ({ name }) => {
    const { file, root } = storedDeletion(name);
    const step = Math.ceil(file.length / 150);
    for (let at = 0; at < file.length; at += step) {
      const changed = file.slice();
      changed[at] = (changed[at] as number) ^ 1;
      const verdict = await checkDeletion(crypto, changed, root).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Fault ? error.kind : String(error)),
      );
      expect(verdict, `byte ${at}`).toBe('integrity');
    }
  });

  test('are no proofs of placement, nor is one of those a proof of deletion', async () => {
    const { file, root } = storedDeletion('deletion-finished');
    await expect(checkProof(crypto, file, root)).rejects.toMatchObject({ code: 'PROOF_MALFORMED' });
    const renamed = Buffer.from(file).toString('utf8').replaceAll('vauban/deletion/0', 'vauban/proof/0');
    await expect(checkProof(crypto, utf8(renamed), root)).rejects.toMatchObject({ kind: 'integrity' });
    const of = await keptWorld();
    await giveUp(of, ...of.claims);
    await expect(makeProof(crypto, await deletionEvidence(of))).rejects.toMatchObject({
      code: 'PROOF_MALFORMED',
    });
  });

  test('PROOF.md gives the closing words', () => {
    const page = readFileSync(new URL('../PROOF.md', import.meta.url), 'utf8');
    const words = deletionWordsOf(storedDeletion('deletion-finished').statement);
    expect(page).toContain(words.slice(words.indexOf('What this proves')).trimEnd());
  });
});

describe('a deletion', () => {
  test('is finished when the last holder has erased, whoever took a fragment over meanwhile', async () => {
    const of = await keptWorld();
    const { world, place, claims } = of;
    const custody = custodyOf(place, { holder: 'h4', index: 1, claim: claims[0], size: 3 });
    await world.write('log h4', [{ kind: 'genesis', writer: 'daemon', daemon: idOf('h4') }], NOW + 1_000);
    await world.write('log h4', [custody], NOW + 2 * DAY_MS);
    await world.certify('log h4', { time: NOW + 2 * DAY_MS });
    await giveUp(of, ...claims);
    await erase(of, 'h1', 'h2', 'h3');
    const before = await stated(of);
    expect(before.finished).toBe(false);
    expect(before.segments.flatMap(notErased).map(({ daemon }) => daemon)).toEqual([daemonOf('h4')]);
    await erase(of, 'h4');
    expect(await stated(of)).toMatchObject({ finished: true });
  });

  test('counts what is certified only, and nothing that was cancelled', async () => {
    const of = await keptWorld();
    const { world, claims } = of;
    const time = NOW + 3 * DAY_MS;
    const wrong = await world.write(LAPTOP, [releaseOf(claims)], time);
    await world.write(LAPTOP, [voidOf(wrong.index)], time);
    await world.certify(LAPTOP, { time });
    await world.write(LAPTOP, [releaseOf(claims)], NOW + 4 * DAY_MS);
    const [segment] = (await stated(of)).segments;
    expect(segment?.claims.map(({ released }) => released)).toEqual([null, null]);
  });

  test('says so where it does not show that nothing cancels it', async () => {
    const of = await keptWorld();
    const { world } = of;
    await giveUp(of, ...of.claims);
    const many = Array.from({ length: 300 }, () => objects('more'));
    await world.write(LAPTOP, many, NOW + 11 * DAY_MS);
    await world.certify(LAPTOP, { time: NOW + 11 * DAY_MS });
    const shown = async (covering: typeof world.covering | undefined) => {
      const evidence = await deletionEvidence({
        ...of,
        world: Object.assign(Object.create(world), { covering, logs: world.logs, charters: world.charters }),
      });
      const { statement } = await makeDeletion(crypto, evidence);
      return statement.segments[0]?.claims.map(({ released }) => released?.voidExcluded);
    };
    expect(await shown(world.covering)).toEqual([true, true]);
    expect(await shown(async () => undefined)).toEqual([false, false]);
  });
});

describe('evidence that an honest prover does not pick', () => {
  test('a claim given up by a device without the right to, or of another vault', async () => {
    for (const [change, code] of [
      [{ rights: ['write'] }, 'RIGHT_MISSING'],
      [{ rights: ['write', 'delete'], vault: crypto.sha256(VAULT) }, 'VAULT_OTHER'],
    ] as const) {
      const of = await keptWorld();
      const phone = 'device phone';
      const delegation = { ...change, rights: [...change.rights] };
      const genesis = deviceGenesis('phone', delegation);
      await of.world.write(phone, [genesis, releaseOf(of.claims)], NOW + 5 * DAY_MS);
      await of.world.certify(phone, { time: NOW + 5 * DAY_MS });
      const evidence = await deletionEvidence(of);
      await expect(makeDeletion(crypto, evidence)).rejects.toMatchObject({ kind: 'integrity', code });
    }
  });

  test('entries that say nothing about the segment’s claims', async () => {
    const of = await keptWorld();
    const { world, place } = of;
    const other = await world.write(LAPTOP, [objects('x'), releaseOf([], 2)], NOW + 5 * DAY_MS);
    await world.certify(LAPTOP, { time: NOW + 5 * DAY_MS });
    const at = NOW + 6 * DAY_MS;
    const picked = async (...indexes: readonly number[]) =>
      makeDeletion(
        crypto,
        world.picked(
          [place.segment],
          [
            await world.head(
              LAPTOP,
              indexes.map((index) => ({ index })),
            ),
          ],
          at,
        ),
      );
    await expect(picked(0, 1, 3)).resolves.toMatchObject({ statement: { finished: false } });
    await expect(picked(0, 1, 3, other.index + 1)).rejects.toMatchObject({ code: 'PROOF_MALFORMED' });
    await expect(picked(0, 1, 2, 3)).rejects.toMatchObject({ code: 'PROOF_MALFORMED' });
  });
});

function idOf(name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(daemonOf(name), 'hex'));
}
