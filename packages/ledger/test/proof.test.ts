// Proofs of placement: the fixtures, what they say, and what no proof may get away with.

import { globSync, readFileSync } from 'node:fs';
import { daemonIdBytes, merkleProof, merkleRoot, utf8, verifyMerkleProof } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { checkProof, heldNow, makeProof, readHead, segmentFacts, wordsOf } from '../src/index.ts';
import { recordRow } from '../src/log-rows.ts';
import { AuditPaths } from '../src/proof-paths.ts';
import { storedProof, storedProofs } from './proof-fixtures.ts';
import { certifiedWorld, LAPTOP, placedWorld } from './proof-world.ts';
import { crypto, DAY_MS, daemonOf, NOW } from './sample-charter.ts';
import { auditOf, custodyOf, daemonGenesis, deviceGenesis, objects, placeOf, voidOf } from './samples.ts';

const check = (proof: string, root: string) => checkProof(crypto, utf8(proof), root);

describe('fixtures', () => {
  test.each(storedProofs)('$name is still written, accepted and understood', async ({ name, story }) => {
    const { proof, root } = await story();
    const stored = storedProof(name);
    expect(proof).toBe(Buffer.from(stored.file).toString('utf8'));
    expect(await checkProof(crypto, stored.file, root)).toEqual(stored.statement);
    expect(proof.startsWith(wordsOf(stored.statement))).toBe(true);
  });

  test('words stay within 80 columns but for what must be copied whole and names', () => {
    const { statement } = storedProof('proof-just-put');
    const long = wordsOf(statement)
      .split('\n')
      .filter((line) => line.length > 80);
    expect(long.every((line) => /[0-9a-f]{64}$|written by a device/.test(line))).toBe(true);
  });

  test('a year of changes is told with its ends', () => {
    const { statement } = storedProof('proof-year-of-changes');
    const [first, second] = statement.segments;
    const story = first?.fragments.map(({ holdings }) =>
      holdings.map(({ hoster, since, until }) => [hoster, since.kind, until?.kind ?? null]),
    );
    expect(story).toEqual([
      [['h1', 'place', null]],
      [
        ['h2', 'place', 'lost'],
        ['h4', 'custody', null],
      ],
      [['h3', 'place', null]],
    ]);
    expect(second?.fragments.map(({ holdings }) => holdings.length)).toEqual([1, 0, 1]);
    expect(second?.fragments[0]?.holdings[0]?.until).toMatchObject({ kind: 'charter', version: 3 });
    expect(statement.segments.map((one) => heldNow(one).fragments)).toEqual([3, 1]);
    expect(first?.fragments[0]?.holdings[0]).toMatchObject({ city: 'Épinal', version: 3 });
  });
});

describe('PROOF.md', () => {
  const page = readFileSync(new URL('../PROOF.md', import.meta.url), 'utf8');
  const fixture = Buffer.from(storedProof('proof-just-put').file).toString('utf8').split('\n');

  test('its worked example is the fixture, shortened where it says so', () => {
    const [, example = ''] = page.split('```\n');
    const lines = example.trimEnd().split('\n');
    const inFixture = (line: string) => {
      const cut = line.indexOf('…');
      if (cut < 0) return fixture.includes(line);
      const [start, end] = [line.slice(0, cut), line.slice(line.lastIndexOf('…') + 1)];
      return fixture.some((other) => other.startsWith(start) && other.endsWith(end));
    };
    expect(lines.filter((line) => !inFixture(line))).toEqual([]);
    expect(lines.length).toBeGreaterThan(50);
  });

  test('it gives the closing words, and only codes that exist', () => {
    const closing = fixture.slice(fixture.findIndex((line) => line.startsWith('What this proves')));
    const words = closing.slice(0, closing.indexOf('vauban/proof/0 evidence')).join('\n').trimEnd();
    expect(page).toContain(`\`\`\`\n${words}\n\`\`\``);
    const sources = globSync('*.ts', { cwd: new URL('../src', import.meta.url) })
      .map((name) => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8'))
      .join('');
    const codes = [...page.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, code]) => `'${code}'`);
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !sources.includes(code))).toEqual([]);
  });
});

describe('the state at a date', () => {
  test('what was written later is left out', async () => {
    const { world, place, claim, root } = await certifiedWorld();
    await world.write('log h2', [daemonGenesis('h2')]);
    await world.write('log h2', [{ kind: 'lost', fragments: [[place.segment, 1]] }], NOW + DAY_MS);
    await world.certify('log h2');
    const early = await check(await world.proof([place.segment], { at: NOW }), root);
    const late = await check(await world.proof([place.segment], { at: NOW + DAY_MS }), root);
    expect(early.segments[0]?.fragments[1]?.holdings[0]?.until).toBeNull();
    expect(late.segments[0]?.fragments[1]?.holdings[0]?.until).toMatchObject({ kind: 'lost' });
    await expect(world.proof([place.segment], { at: NOW - 1 })).rejects.toMatchObject({
      code: 'NOTHING_RECORDED',
    });
    expect(claim.index).toBe(1);
  });

  test('of two devices that placed it, the one with the earlier date counts', async () => {
    const { world, place, root } = await certifiedWorld();
    for (const [device, time] of [
      ['tablet', NOW + 30_000],
      ['phone', NOW + 60_000],
    ] as const) {
      await world.write(`device ${device}`, [deviceGenesis(device), place], time);
      await world.certify(`device ${device}`);
    }
    const { logs, segments } = await check(await world.proof([place.segment], { at: NOW + DAY_MS }), root);
    const since = segments[0]?.fragments[0]?.holdings.map(({ since: start }) => start);
    // The last one in order of origin, so that the order of logs would name another.
    expect(logs.at(-1)?.origin).toBe(world.pen(LAPTOP).origin);
    expect(since).toEqual([{ kind: 'place', time: NOW, index: 1, log: logs.length }]);
    expect(segments[0]?.places.length).toBe(3);
  });

  test('what auditors say is no part of it', async () => {
    const { world, place, root } = await certifiedWorld();
    const { origin, size, root: at } = readHead(world.pen(LAPTOP).checkpoint());
    const degraded: [Uint8Array, number, number, string][] = [[place.segment, 1, 0, 'LEAF_WRONG']];
    const before = await world.proof([place.segment]);
    await world.write('log h3', [
      daemonGenesis('h3'),
      auditOf('h2', { origin, size, root: at }, { degraded }),
    ]);
    await world.certify('log h3');
    expect((await segmentFacts(world.logs, place.segment)).doubts).toHaveLength(1);
    expect(await world.proof([place.segment])).toBe(before);
    expect((await check(before, root)).logs).toHaveLength(1);
  });

  test('what is not certified is not there', async () => {
    const { world, place } = await placedWorld();
    await expect(world.proof([place.segment])).rejects.toMatchObject({ code: 'NOTHING_RECORDED' });
  });

  test('a daemon gives up, takes up again; a place of others does not bring it back', async () => {
    const { world, place, claim, root } = await certifiedWorld();
    const taken = () => custodyOf(place, { holder: 'h2', index: 1, claim, size: 2 });
    await world.write('log h2', [daemonGenesis('h2')]);
    await world.write('log h2', [{ kind: 'lost', fragments: [[place.segment, 1]] }], NOW + 1_000);
    await world.certify('log h2');
    await world.write(LAPTOP, [place], NOW + 2_000);
    await world.certify(LAPTOP);
    const lost = await check(await world.proof([place.segment], { at: NOW + DAY_MS }), root);
    expect(lost.segments[0]?.fragments[1]?.holdings.map(({ until }) => until?.kind)).toEqual(['lost']);
    await world.write('log h2', [taken()], NOW + 3_000);
    await world.certify('log h2');
    const back = await check(await world.proof([place.segment], { at: NOW + DAY_MS }), root);
    expect(back.segments[0]?.fragments[1]?.holdings.map(({ until }) => until?.kind)).toEqual([
      'lost',
      undefined,
    ]);
  });
});

describe('what daemons erase', () => {
  test('a trim ends the holding of one fragment, a purge those of all, another segment left alone', async () => {
    const { world, place, root } = await certifiedWorld();
    const other = placeOf(world.charters.current, { name: 'other' });
    await world.write(LAPTOP, [other]);
    await world.certify(LAPTOP);
    const keeper = daemonIdBytes(daemonOf('h4'));
    await world.write('log h2', [daemonGenesis('h2')]);
    await world.write('log h2', [{ kind: 'trim', segment: place.segment, index: 1, keeper, generation: 1 }]);
    await world.write('log h2', [{ kind: 'sweep', generation: 2 }]);
    await world.certify('log h2');
    await world.write('log h3', [daemonGenesis('h3')]);
    const purge = {
      kind: 'purge' as const,
      segments: [other.segment, place.segment],
      payloads: [],
      generation: 1,
    };
    await world.write('log h3', [purge], NOW + DAY_MS);
    await world.certify('log h3');
    const endsAt = async (at: number) => {
      const { segments } = await check(await world.proof([place.segment, other.segment], { at }), root);
      return segments.map(({ fragments }) =>
        fragments.map(({ holdings }) => holdings[0]?.until?.kind ?? null),
      );
    };
    expect(await endsAt(NOW)).toEqual([
      [null, 'trim', null],
      [null, null, null],
    ]);
    expect(await endsAt(NOW + DAY_MS)).toEqual([
      [null, 'trim', 'purge'],
      [null, null, 'purge'],
    ]);
  });

  test('an object whose payload is gone leaves all proofs as they were', async () => {
    const { world, place } = await placedWorld();
    const erased = await world.write(LAPTOP, [objects('a citizen’s name')]);
    await world.certify(LAPTOP);
    const before = await world.proof([place.segment]);
    const { entry } = (await world.logs.record(erased.origin, erased.index)) as { entry: Uint8Array };
    const row = recordRow(erased.origin, erased.index, {
      entry,
      erased: { origin: erased.origin, index: 9 },
    });
    await world.logs.store.batch([row], { sync: true });
    expect(await world.proof([place.segment])).toBe(before);
  });
});

describe('voids', () => {
  test('with the first certificate a later void is excluded, with a far one it is not shown', async () => {
    const { world, place, root } = await certifiedWorld();
    const many = Array.from({ length: 250 }, (_, nth) => objects(`object ${nth}`));
    await world.write(LAPTOP, many);
    await world.write(LAPTOP, many);
    await world.certify(LAPTOP);
    const near = await check(await world.proof([place.segment]), root);
    const far = await check(await world.proof([place.segment], { newest: true }), root);
    expect(near.segments[0]?.places[0]?.voidExcluded).toBe(true);
    expect(far.segments[0]?.places[0]?.voidExcluded).toBe(false);
  });

  test('a cancelled place proves nothing, neither as gathered nor as picked', async () => {
    const { world, place } = await placedWorld();
    await world.write(LAPTOP, [voidOf(1)]);
    await world.certify(LAPTOP);
    await expect(world.proof([place.segment])).rejects.toMatchObject({ code: 'NOTHING_RECORDED' });
    const made = async (...picks: { index: number; closed?: boolean }[]) =>
      makeProof(crypto, world.picked([place.segment], [await world.head(LAPTOP, picks)]));
    const all = [{ index: 0 }, { index: 1 }];
    await expect(made(...all, { index: 2 })).rejects.toMatchObject({ code: 'PROOF_VOIDED' });
    await expect(made(...all, { index: 2, closed: true })).rejects.toMatchObject({ code: 'PROOF_MALFORMED' });
    // Left out, it cannot be told: the proof says that it does not exclude it.
    expect((await made(...all)).text).toContain('that no later entry cancels it is not shown here');
  });
});

describe('checking a file', () => {
  const { file, root } = storedProof('proof-just-put');

  test('another charter root', async () => {
    await expect(checkProof(crypto, file, root.replace(/.$/, '0'))).rejects.toMatchObject({
      code: 'PROOF_ROOT_OTHER',
      kind: 'integrity',
    });
  });

  test('a changed word is found by its line', async () => {
    const text = Buffer.from(file).toString('utf8').replace('site      h1, Metz', 'site      h1, Nice');
    await expect(check(text, root)).rejects.toMatchObject({ code: 'PROOF_ALTERED', facts: { line: 27 } });
  });

  test('bytes that a reader of text would not see', async () => {
    const text = Buffer.from(file).toString('utf8');
    const bent = [`\ufeff${text}`, `${text}\n`, text.slice(0, -1), text.replaceAll('\n', '\r\n'), `${text} `];
    for (const one of bent) await expect(check(one, root)).rejects.toMatchObject({ kind: 'integrity' });
    const invalid = Buffer.concat([file, Buffer.of(0xff)]);
    await expect(checkProof(crypto, invalid, root)).rejects.toMatchObject({ code: 'PROOF_MALFORMED' });
    await expect(checkProof(crypto, new Uint8Array(0), root)).rejects.toMatchObject({
      code: 'PROOF_MALFORMED',
    });
  });

  test('a label is one line, and cannot pass for a part of the proof', async () => {
    const { world, place } = await certifiedWorld();
    const label = 'vauban/proof/0 evidence';
    expect((await check(await world.proof([place.segment], { label }), world.charters.root)).label).toBe(
      label,
    );
    for (const bad of ['', 'a\nb', 'x'.repeat(301), '\ud800']) {
      await expect(world.proof([place.segment], { label: bad })).rejects.toMatchObject({
        code: 'PROOF_MALFORMED',
      });
    }
  });
});

test('a proof says nothing of objects: their records are in it only as a kind and a hash', async () => {
  const { world, place } = await placedWorld();
  await world.write(LAPTOP, [objects('the path /council/minutes.pdf')]);
  await world.certify(LAPTOP);
  const proof = await world.proof([place.segment]);
  const evidence = await world.evidence([place.segment]);
  const closed = evidence.heads[0]?.entries.filter(({ opened }) => opened === null).map(({ index }) => index);
  expect(closed).toEqual([2]);
  const bytes = Buffer.from(proof.replaceAll(/[^A-Za-z0-9+/=]/g, ''), 'base64').toString('latin1');
  expect(`${proof}${bytes}`).not.toContain('council');
});

test('audit paths of whole logs are those of RFC 6962', () => {
  for (const size of [1, 2, 3, 5, 8, 13, 33]) {
    const leaves = new Uint8Array(size * 32).map((_, at) => (at * 7) % 251);
    const paths = new AuditPaths(crypto, leaves);
    const root = merkleRoot(crypto, leaves);
    for (let index = 0; index < size; index++) {
      const proof = paths.of(index);
      const leafHash = leaves.subarray(index * 32, (index + 1) * 32);
      expect(proof).toEqual(merkleProof(crypto, leaves, index));
      expect(verifyMerkleProof(crypto, { root, leafHash, index, size, proof })).toBe(true);
    }
  }
});
