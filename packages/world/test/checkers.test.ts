import { type Charter, CompactRange, decodeCharter, toBase64, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { cosign, formatHead, formatNote, type Head, signCheckpoint } from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { Acknowledged } from '../src/checkers/acknowledged.ts';
import { LedgerWitness } from '../src/checkers/ledger-witness.ts';
import { foundCharter, type HosterIdentity, hosterIdentities } from '../src/membership.ts';

describe('what was acknowledged', () => {
  it('is what a reader must find', () => {
    const acknowledged = new Acknowledged();
    acknowledged.began('a', 'one');
    acknowledged.done('a', 'one');
    expect(() => acknowledged.found('a', 'one')).not.toThrow();
    expect(() => acknowledged.found('a', 'two')).toThrow(/found two/);
    expect(() => acknowledged.listed(new Map())).toThrow(/found nothing/);
    expect(() =>
      acknowledged.listed(
        new Map([
          ['a', 'one'],
          ['b', 'one'],
        ]),
      ),
    ).toThrow(/nobody ever stored/);
  });

  it('may be either while a write is open, and stays what was found first', () => {
    const acknowledged = new Acknowledged();
    acknowledged.done('a', 'one');
    acknowledged.began('a', 'two');
    expect(acknowledged.present()).toEqual(['a']);
    acknowledged.began('a', null);
    expect(acknowledged.present()).toEqual([]);
    acknowledged.found('a', 'two');
    expect(() => acknowledged.found('a', 'one')).toThrow(/acknowledged was two/);
  });
});

const crypto = nodeCrypto;
const members: HosterIdentity[] = hosterIdentities(crypto, 0);
const charter: Charter = decodeCharter(foundCharter(crypto, 0, members).body);
const writerSeed = crypto.sha256(utf8('writer'));
const writer = { seed: writerSeed, publicKey: crypto.ed25519Public(writerSeed) };
const origin = 'world/0123';
const history = (name: string, size: number) =>
  Array.from({ length: size }, (_, at) => utf8(`${name} entry ${at}`));

function headOf(entries: readonly Uint8Array[]): Head {
  const range = new CompactRange(crypto);
  for (const entry of entries) range.append(crypto.sha256(Uint8Array.of(0), entry));
  return { origin, size: entries.length, root: range.root() };
}

function certificate(head: Head, cosigners = 6): string {
  const signatures = members.slice(0, cosigners).map(({ name, votingSeed }) => {
    const publicKey = crypto.ed25519Public(votingSeed);
    return cosign(crypto, head, { name: `world/${name}/1`, seed: votingSeed, publicKey }, 1_790_000_000);
  });
  return formatNote({ text: formatHead(head), signatures });
}

function held(daemon: string, entries: readonly Uint8Array[]) {
  const head = headOf(entries);
  const checkpoint = signCheckpoint(crypto, head, writer);
  return { daemon, origin, size: head.size, checkpoint, certificate: null, entries };
}

/** As it travels: a text under its key, in CBOR. */
function onTheWire(note: string): Uint8Array {
  const text = utf8(note);
  return Uint8Array.of(0x6b, ...utf8('certificate'), 0x79, text.length >> 8, text.length & 255, ...text);
}

const newWitness = () => new LedgerWitness(crypto, () => charter);

describe('the ledger’s witness', () => {
  it('agrees with logs that extend one another', () => {
    const witness = newWitness();
    for (let size = 1; size < 20; size++) witness.saw(onTheWire(certificate(headOf(history('a', size)))));
    expect(witness.certificates).toBe(19);
    expect(() =>
      witness.judge([held('metz', history('a', 19)), held('nancy', history('a', 7))]),
    ).not.toThrow();
  });

  it('notices two certified histories on the wires', () => {
    const witness = newWitness();
    witness.saw(onTheWire(certificate(headOf(history('a', 3)))));
    witness.saw(onTheWire(certificate(headOf(history('b', 3)), 5)));
    expect(() => witness.assertOneHistory()).not.toThrow();
    witness.saw(onTheWire(certificate(headOf(history('b', 3)))));
    expect(() => witness.assertOneHistory()).toThrow(/certified twice/);
  });

  it('notices that something certified is lost, or is another thing', () => {
    const witness = newWitness();
    witness.saw(onTheWire(certificate(headOf(history('a', 5)))));
    expect(() => witness.judge([held('metz', history('a', 4))])).toThrow(/nobody holds/);
    expect(() => witness.judge([held('metz', history('b', 5))])).toThrow(/another root/);
  });

  it('notices daemons that hold different histories, and entries nobody signed', () => {
    const logs = [held('metz', history('a', 5)), held('nancy', history('b', 4))];
    expect(() => newWitness().judge(logs)).toThrow(/two histories/);
    const changed = { ...held('metz', history('a', 5)), entries: history('b', 5) };
    expect(() => newWitness().judge([changed])).toThrow(/does not sign/);
  });

  it('reads roots as base64, as notes do', () => {
    expect(certificate(headOf([])).split('\n')[2]).toBe(toBase64(crypto.sha256()));
  });
});
