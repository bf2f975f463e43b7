// Evidence that an honest prover does not pick, though all of it is truly signed: none of it makes a proof.

import { utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  checkProof,
  cosign,
  decodeEntry,
  encodeEntry,
  formatSignature,
  makeProof,
  type ProofEvidence,
  readHead,
} from '../src/index.ts';
import type { ProofEntry } from '../src/proof-evidence.ts';
import { certifiedWorld, LAPTOP, placedWorld, ProofWorld } from './proof-world.ts';
import {
  advance,
  chainOf,
  cosignerOf,
  crypto,
  hosterName,
  NOW,
  sampleCharter,
  signed,
} from './sample-charter.ts';
import {
  adoptOf,
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  keepOf,
  objects,
  Pen,
  placeOf,
  VAULT,
} from './samples.ts';

describe('evidence that an honest prover does not pick', () => {
  test('entries that say nothing about the segments', async () => {
    const { world, place } = await placedWorld();
    const other = placeOf(world.charters.current, { name: 'other' });
    await world.write(LAPTOP, [keepOf(place.segment), other, objects('sealed')]);
    await world.certify(LAPTOP);
    const made = async (...picks: { index: number; closed?: boolean }[]) =>
      makeProof(crypto, world.picked([place.segment], [await world.head(LAPTOP, picks)]));
    const malformed = { code: 'PROOF_MALFORMED', kind: 'integrity' };
    await expect(made({ index: 0 }, { index: 1 })).resolves.toBeDefined();
    await expect(made({ index: 0 }, { index: 1 }, { index: 2 })).rejects.toMatchObject(malformed);
    await expect(made({ index: 0 }, { index: 1 }, { index: 3 })).rejects.toMatchObject(malformed);
    await expect(made({ index: 0 }, { index: 1 }, { index: 4, closed: true })).rejects.toMatchObject(
      malformed,
    );
    await expect(made({ index: 1 })).rejects.toMatchObject(malformed);
    await expect(made({ index: 0 })).rejects.toMatchObject(malformed);
    await expect(made({ index: 0, closed: true }, { index: 1 })).rejects.toMatchObject(malformed);
  });

  test('a place that breaks a rule, though a quorum of liars certified it', async () => {
    const charters = chainOf(sampleCharter(4));
    const refusedWith = async (place: ReturnType<typeof placeOf>) => {
      const world = await ProofWorld.of(charters);
      await world.write(LAPTOP, [deviceGenesis('laptop'), place]);
      await world.certify(LAPTOP);
      return world.proof([place.segment]).then(
        () => 'accepted',
        (error: { code: string; kind: string }) => `${error.code} ${error.kind}`,
      );
    };
    const { current } = charters;
    expect(await refusedWith(placeOf(current))).toBe('accepted');
    expect(await refusedWith(placeOf(current, { holders: ['h1', 'h1', 'h2'] }))).toBe(
      'DOMAIN_RULE integrity',
    );
    expect(await refusedWith(placeOf(current, { holders: ['h1', 'h2', undefined] }))).toBe(
      'MARGIN_SHORT integrity',
    );
    expect(await refusedWith(placeOf(current, { change: { retainUntil: NOW } }))).toBe(
      'RETENTION_SHORT integrity',
    );
    const forged = placeOf(current);
    const fragments = forged.fragments.map((one, nth) =>
      nth === 0 && one.length === 4 ? ([one[0], one[1], 7, one[3]] as typeof one) : one,
    );
    expect(await refusedWith({ ...forged, fragments })).toBe('RECEIPT_FORGED integrity');
    expect(await refusedWith({ ...forged, segment: VAULT })).toBe('SEGMENT_ID integrity');
  });

  test('a place taken over from what nobody signed', async () => {
    const charters = chainOf(sampleCharter(4));
    const place = placeOf(charters.current);
    const lost = new Pen(LAPTOP);
    lost.write([deviceGenesis('laptop'), objects('sealed'), place]);
    const madeWith = async (change: Parameters<typeof adoptOf>[2]) => {
      const world = await ProofWorld.of(charters);
      await world.write('device phone', [deviceGenesis('phone'), adoptOf(lost, 2, change)]);
      await world.certify('device phone');
      return world.proof([place.segment]).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
    };
    const good = adoptOf(lost, 2);
    const { note } = deviceGenesis('tablet') as { note: Uint8Array };
    const forged = deviceGenesis('laptop', {}, 'root nancy') as { note: Uint8Array };
    expect(await madeWith({})).toBe('accepted');
    expect(await madeWith({ index: 1 })).toBe('ADOPT_UNPROVEN');
    expect(await madeWith({ branch: VAULT })).toBe('ADOPT_UNPROVEN');
    expect(await madeWith({ proof: [] })).toBe('ADOPT_UNPROVEN');
    expect(await madeWith({ record: { ...good.record, salt: VAULT } })).toBe('COMMIT_MISMATCH');
    expect(await madeWith({ checkpoint: new Pen('device phone', lost).checkpoint() })).toBe('LOG_SIGNATURE');
    expect(await madeWith({ note })).toBe('ORIGIN_OTHER');
    expect(await madeWith({ note: forged.note })).toBe('DELEGATION_FORGED');
  });

  test('custody of another root, of a place not shown, and without a receipt', async () => {
    const { world, place, claim } = await certifiedWorld();
    const madeWith = async (change: Parameters<typeof custodyOf>[2]) => {
      const index = world.pen('log h4').size;
      const custody = custodyOf(place, { holder: 'h4', index: 1, claim, size: 2 }, change);
      await world.write('log h4', index === 0 ? [daemonGenesis('h4'), custody] : [custody]);
      await world.certify('log h4');
      const heads = [
        await world.head(LAPTOP, [{ index: 0 }, { index: 1 }]),
        await world.head('log h4', [{ index: 0 }, { index: Math.max(1, index) }]),
      ];
      return makeProof(crypto, world.picked([place.segment], heads)).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
    };
    expect(await madeWith({})).toBe('accepted');
    expect(await madeWith({ root: VAULT })).toBe('CUSTODY_OTHER');
    expect(await madeWith({ place: { ...claim, index: 0 } })).toBe('CUSTODY_OTHER');
    expect(await madeWith({ generation: 1 })).toBe('RECEIPT_FORGED');
    expect(await madeWith({ bytes: 1 })).toBe('RECEIPT_FORGED');
  });

  test('more or fewer cosignatures than a quorum, and more officers than are needed', async () => {
    const charters = chainOf(sampleCharter(4));
    const world = await ProofWorld.of(charters);
    const place = placeOf(charters.current);
    await world.write(LAPTOP, [deviceGenesis('laptop'), place]);
    await world.certify(LAPTOP);
    const evidence = await world.evidence([place.segment]);
    const [head] = evidence.heads as [ProofEvidence['heads'][0]];
    const lines = head.certificate.split('\n');
    const short = { ...head, certificate: [...lines.slice(0, -2), ''].join('\n') };
    await expect(makeProof(crypto, { ...evidence, heads: [short] })).rejects.toMatchObject({
      code: 'CERTIFICATE_SHORT',
    });
    const twice = { ...head, certificate: [...lines.slice(0, -1), lines.at(-2), ''].join('\n') };
    await expect(makeProof(crypto, { ...evidence, heads: [twice] })).rejects.toMatchObject({
      code: 'PROOF_MALFORMED',
    });
    const [first] = evidence.charters as [ProofEvidence['charters'][0]];
    const four = { ...first, signatures: signed(charters.current, 'ana', 'bob', 'eve', 'max').signatures };
    await expect(makeProof(crypto, { ...evidence, charters: [four] })).rejects.toMatchObject({
      code: 'PROOF_MALFORMED',
    });
    const two = { ...first, signatures: first.signatures.slice(1) };
    await expect(makeProof(crypto, { ...evidence, charters: [two] })).rejects.toMatchObject({
      code: 'OFFICERS_SHORT',
    });
  });

  test('entries that are not in the log, shown open or not', async () => {
    const { world, place } = await placedWorld();
    await world.write(LAPTOP, [objects('one'), objects('two')]);
    await world.certify(LAPTOP);
    const evidence = await world.evidence([place.segment]);
    const bent = async (nth: number, change: (entry: ProofEntry) => Partial<ProofEntry>) => {
      const [head] = evidence.heads as [ProofEvidence['heads'][0]];
      const entries = head.entries.map((one, at) => (at === nth ? { ...one, ...change(one) } : one));
      return makeProof(crypto, { ...evidence, heads: [{ ...head, entries }] }).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
    };
    const later = ({ entry }: ProofEntry) => {
      const decoded = decodeEntry(entry);
      return { entry: encodeEntry({ ...decoded, time: decoded.time + 1 }) };
    };
    expect(evidence.heads[0]?.entries.map(({ opened, path }) => [opened !== null, path !== null])).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [false, true],
    ]);
    expect(await bent(0, () => ({}))).toBe('accepted');
    expect(await bent(2, later)).toBe('CHAIN_BROKEN');
    expect(await bent(3, later)).toBe('INCLUSION_OTHER');
    expect(await bent(1, ({ path }) => ({ path: path?.slice(1) ?? null }))).toBe('INCLUSION_OTHER');
    expect(await bent(1, ({ path }) => ({ path: path?.toReversed() ?? null }))).toBe('INCLUSION_OTHER');
    expect(await bent(1, () => ({ path: null }))).toBe('PROOF_MALFORMED');
    expect(await bent(2, () => ({ path: [] }))).toBe('PROOF_MALFORMED');
    expect(await bent(3, ({ index }) => ({ index: index + 1 }))).toBe('PROOF_MALFORMED');
  });

  test('a certificate with a true cosignature too many', async () => {
    const { world, place } = await placedWorld();
    await world.certify(LAPTOP);
    const evidence = await world.evidence([place.segment]);
    const [head] = evidence.heads as [ProofEvidence['heads'][0]];
    const fourth = cosign(crypto, readHead(head.certificate), cosignerOf('h4'), NOW / 1_000);
    const four = { ...head, certificate: `${head.certificate}${formatSignature(fourth)}` };
    await expect(makeProof(crypto, { ...evidence, heads: [four] })).rejects.toMatchObject({
      code: 'PROOF_MALFORMED',
    });
  });

  test('cosignatures beyond the quorum are left out of what is made', async () => {
    const charters = chainOf(sampleCharter(4));
    const place = placeOf(charters.current);
    const world = await ProofWorld.of(charters);
    await world.write(LAPTOP, [deviceGenesis('laptop'), place]);
    await world.certify(LAPTOP, { names: [1, 2, 3, 4].map(hosterName) });
    advance(charters, { issued: NOW });
    const { logs, charter } = await checkProof(
      crypto,
      utf8(await world.proof([place.segment])),
      charters.root,
    );
    expect(logs[0]?.cosigners.map(({ hoster }) => hoster)).toEqual(['h1', 'h2', 'h3']);
    expect(charter).toMatchObject({ versions: 2, shown: 2 });
  });
});
