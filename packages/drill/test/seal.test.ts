// The seal: opens what was sealed, and nothing that was changed, cut, added to or signed by another.

import { fromHex, isFault, toHex, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkReportLength, openSealedReport, REPORT_BYTES_MAX, sealReport } from '../src/index.ts';
import vector from '../vectors/seal.json' with { type: 'json' };

const seed = nodeCrypto.sha256(utf8('an operator'));
const operators = [
  { id: 'ana', key: nodeCrypto.ed25519Public(nodeCrypto.sha256(utf8('another'))) },
  { id: 'crisis-team', key: nodeCrypto.ed25519Public(seed) },
];
const html = '<!doctype html>\n<p>Tenu. Gehalten. 12 €</p>\n';
const sealed = sealReport(nodeCrypto, { html, operator: 'crisis-team', seed });
const text = new TextDecoder().decode(sealed);

function codeOf(file: Uint8Array | string, known = operators): string {
  try {
    openSealedReport(nodeCrypto, { file: typeof file === 'string' ? utf8(file) : file, operators: known });
    return 'opened';
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
}

it('opens to who sealed it, the body as it was, and the digest of the whole file', () => {
  const opened = openSealedReport(nodeCrypto, { file: sealed, operators });
  expect(opened.operator).toBe('crisis-team');
  expect(new TextDecoder().decode(opened.body)).toBe(html);
  expect(toHex(opened.digest)).toBe(toHex(nodeCrypto.sha256(sealed)));
  expect(text.split('\n').at(-2)).toMatch(
    /^<!-- vauban\/drill-seal\/0 crisis-team [0-9a-f]{64} [A-Za-z0-9+/]{86}== -->$/,
  );
});

it('is the one of the specification', () => {
  const made = sealReport(nodeCrypto, {
    html: vector.html,
    operator: vector.operator,
    seed: fromHex(vector.seed) as Uint8Array,
  });
  expect(new TextDecoder().decode(made)).toBe(vector.file);
  expect(toHex(nodeCrypto.sha256(made))).toBe(vector.digest);
  expect(toHex(nodeCrypto.ed25519Public(fromHex(vector.seed) as Uint8Array))).toBe(vector.key);
});

it('ends the last line of a body that lacks its line feed, and seals once only', () => {
  const made = sealReport(nodeCrypto, { html: html.trimEnd(), operator: 'crisis-team', seed });
  expect(toHex(made)).toBe(toHex(sealed));
  expect(() => sealReport(nodeCrypto, { html: text, operator: 'crisis-team', seed })).toThrow(/seal already/);
});

describe('a report of more than 256 MiB', () => {
  const faultOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (isFault(error)) return [error.kind, error.code, error.facts['bytesMax']];
    }
    return [];
  };
  it('is not sealed, by characters or by bytes', () => {
    const seal = (page: string) => () =>
      sealReport(nodeCrypto, { html: page, operator: 'crisis-team', seed });
    const long = ['refused', 'REPORT_LONG', REPORT_BYTES_MAX];
    expect(faultOf(seal('x'.repeat(REPORT_BYTES_MAX + 1)))).toEqual(long);
    expect(faultOf(seal('€'.repeat(REPORT_BYTES_MAX / 3 + 1)))).toEqual(long);
  });
  it('is not opened, nor read', () => {
    const long = ['usage', 'REPORT_LONG', REPORT_BYTES_MAX];
    const file = new Uint8Array(REPORT_BYTES_MAX + 1);
    expect(faultOf(() => openSealedReport(nodeCrypto, { file, operators }))).toEqual(long);
    expect(faultOf(() => checkReportLength(REPORT_BYTES_MAX + 1))).toEqual(long);
    expect(faultOf(() => checkReportLength(REPORT_BYTES_MAX))).toEqual([]);
  });
});

describe('does not open', () => {
  const other = sealReport(nodeCrypto, { html, operator: 'crisis-team', seed: utf8('x'.repeat(32)) });
  const line = text.slice(html.length);
  it.each([
    ['SEAL_MISSING', 'what has none', html],
    ['SEAL_MISSING', 'nothing', ''],
    ['SEAL_MISSING', 'what was cut off', text.slice(0, html.length + 10)],
    ['SEAL_MALFORMED', 'what goes on after it', `${text}\n`],
    ['SEAL_MALFORMED', 'a line feed of another system', text.replace(/\n$/, '\r\n')],
    ['SEAL_MALFORMED', 'what has two', text + line],
    ['SEAL_MALFORMED', 'a seal in the middle of a line', html.trimEnd() + line],
    ['SEAL_MALFORMED', 'another version', text.replace('seal/0', 'seal/1')],
    ['SEAL_MALFORMED', 'digits in capitals', text.replace(/ [0-9a-f]{64} /, (hex) => hex.toUpperCase())],
    ['SEAL_MALFORMED', 'an operator that is no name', text.replace('crisis-team', 'Crisis Team')],
    ['SEAL_MALFORMED', 'a space too many', text.replace('crisis-team ', 'crisis-team  ')],
    ['SEAL_MALFORMED', 'another form of Base64', text.replace('== -->', ' -->')],
    ['SEAL_OPERATOR_UNKNOWN', 'whom the charter does not know', text.replace('crisis-team', 'bob')],
    ['SEAL_WRONG', 'the signature of another', other],
    ['SEAL_WRONG', 'the name of another', text.replace('crisis-team', 'ana')],
    [
      'SEAL_WRONG',
      'another digest beside the same signature',
      text.replace(/ [0-9a-f]{64} /, ` ${'0'.repeat(64)} `),
    ],
    ['REPORT_CHANGED', 'a word that was changed', text.replace('Tenu', 'Tena')],
    ['REPORT_CHANGED', 'a line that was added', text.replace('<p>', '\n<p>')],
  ])('%s: %s', (code, _what, file) => {
    expect(codeOf(file)).toBe(code);
  });

  it('anything that differs in one byte', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = sealed.slice();
        changed[at] = (changed[at] as number) ^ by;
        expect(codeOf(changed)).not.toBe('opened');
      }),
    );
  });

  it('anything shorter, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.uint8Array({ maxLength: 300 }), (length, noise) => {
        expect(codeOf(sealed.subarray(0, length))).not.toBe('opened');
        expect(codeOf(new Uint8Array([...sealed.subarray(0, length), ...noise]))).not.toBe('opened');
      }),
    );
  });
});
