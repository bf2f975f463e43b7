// Both readers of notes agree with what is published: signed notes, checkpoints, cosignatures and verifier keys.

import { fromBase64, fromUtf8, utf8 } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { cosignedMessage, formatNote, keyIdOf, parseNote, verifierKey } from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import { publishedMessage, publishedNotes } from './c2sp-vectors.ts';
import * as second from './verify-proof.ts';

/** `<name>+<hex key id>+<base64(type ‖ key)>`; base64 may hold a plus, names may not. */
function keyOf(vkey: string) {
  const [name = '', id = ''] = vkey.split('+');
  const bytes = fromBase64(vkey.slice(name.length + id.length + 2)) as Uint8Array;
  return { name, id, type: bytes[0] as number, publicKey: bytes.slice(1) };
}

const cases = publishedNotes.flatMap(({ source, note, keys }) =>
  keys.map((key) => ({ source, note, ...key })),
);

describe.each(cases)('$vkey', ({ note, vkey, seconds }) => {
  const { name, id, type, publicKey } = keyOf(vkey);
  const changed = note.replace(/[a-z]/, (letter) => (letter === 'a' ? 'b' : 'a'));

  test('its key id', () => {
    const keyId = keyIdOf(crypto, { name, type, publicKey });
    expect(Buffer.from(keyId).toString('hex')).toBe(id);
    expect(verifierKey(crypto, { name, type, publicKey })).toBe(vkey);
    expect(second.noteKeyId({ name, type, key: publicKey })).toEqual(keyId);
  });

  test('this program verifies its line, and no line over another text', () => {
    expect(formatNote(parseNote(note))).toBe(note);
    const holds = (of: string) => {
      const { text, signatures } = parseNote(of);
      const keyId = keyIdOf(crypto, { name, type, publicKey });
      const line = signatures.find((one) => one.name === name && Buffer.compare(one.keyId, keyId) === 0);
      if (line === undefined) return false;
      if (seconds === undefined) return crypto.ed25519Verify(line.signature, utf8(text), publicKey);
      const time = new DataView(line.signature.buffer, line.signature.byteOffset, 8).getBigUint64(0);
      expect(time).toBe(BigInt(seconds));
      return crypto.ed25519Verify(line.signature.subarray(8), cosignedMessage(text, seconds), publicKey);
    };
    expect([holds(note), holds(changed)]).toEqual([true, false]);
  });

  test('the second verifier does', () => {
    const holds = (of: string) => {
      const parsed = second.parseNote(of);
      const lines = parsed.lines.filter((line) => line.name === name);
      return lines.some((line) =>
        seconds === undefined
          ? second.lineSigned(parsed, line, publicKey)
          : second.lineCosigned(parsed, line, publicKey) === BigInt(seconds),
      );
    };
    expect([holds(note), holds(changed)]).toEqual([true, false]);
  });
});

test('the message of a cosignature is the published one', () => {
  const { head, seconds, message } = publishedMessage;
  expect(fromUtf8(cosignedMessage(head, seconds))).toBe(message);
});
