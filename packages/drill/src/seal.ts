// The operator's seal on a report: one comment that ends the HTML file, after which nothing follows (SPEC, "Seal"). Browsers do
// not show it; whoever has the charter can check that the file is as the operator left it.

import {
  type Crypto,
  equalBytes,
  Fault,
  fromBase64,
  fromHex,
  slugPattern,
  toBase64,
  toHex,
  utf8,
} from '@vauban/core';

const DOMAIN = 'vauban/drill-report/0\n';
const MARK = '<!-- vauban/drill-seal/';
const OPENING = '<!-- vauban/drill-seal/0 ';
const CLOSING = ' -->\n';
/** A drill of a day, with every operation in its data. */
export const REPORT_BYTES_MAX = 268_435_456;
/** Opening, a slug of 40, 64 hex digits, 88 of Base64, two spaces, closing. */
const SEAL_BYTES_MAX = 240;

export interface OpenedReport {
  /** Id of the operator who sealed it. */
  readonly operator: string;
  /** Everything before the seal. */
  readonly body: Uint8Array;
  /** SHA-256 of the whole file, seal included: what the ledger's entry of the drill's end has. */
  readonly digest: Uint8Array;
}

/**
 * `html` ends with a line feed and has no seal yet. `seed`: the operator's Ed25519 seed, 32 bytes. Faults (refused): REPORT_SEALED,
 * REPORT_LONG {bytes, bytesMax}.
 */
export function sealReport(
  crypto: Crypto,
  { html, operator, seed }: { readonly html: string; readonly operator: string; readonly seed: Uint8Array },
): Uint8Array {
  // Each character is a byte at least: what is far too long is not copied first.
  checkLength(html.length);
  const body = utf8(html.endsWith('\n') ? html : `${html}\n`);
  if (findMark(body) !== undefined) {
    throw new Fault(
      'refused',
      'REPORT_SEALED',
      'the report holds a seal already: seal what was rendered, once',
    );
  }
  const digest = crypto.sha256(body);
  const signature = crypto.ed25519Sign(seed, messageOf(digest));
  const line = utf8(`${OPENING}${operator} ${toHex(digest)} ${toBase64(signature)}${CLOSING}`);
  checkLength(body.length + line.length);
  const sealed = new Uint8Array(body.length + line.length);
  sealed.set(body);
  sealed.set(line, body.length);
  return sealed;
}

/**
 * Checks the seal under the operators of the charter. Faults: REPORT_LONG (usage); integrity: SEAL_MISSING, SEAL_MALFORMED {why}
 * (not the last line, several, not in its one form), SEAL_OPERATOR_UNKNOWN {operator, known}, REPORT_CHANGED {sealed, found},
 * SEAL_WRONG {operator}.
 */
export function openSealedReport(
  crypto: Crypto,
  {
    file,
    operators,
  }: {
    readonly file: Uint8Array;
    readonly operators: readonly { readonly id: string; readonly key: Uint8Array }[];
  },
): OpenedReport {
  checkReportLength(file.length);
  const at = findMark(file);
  if (at === undefined) {
    throw new Fault(
      'integrity',
      'SEAL_MISSING',
      'the file has no seal: it is no report, or not what the drill left of it, or only a part. The seal is in the HTML file, not in the JSON beside it',
    );
  }
  const seal = parseSeal(file, at);
  const body = file.subarray(0, at);
  const known = operators.map(({ id }) => id);
  const key = operators.find(({ id }) => id === seal.operator)?.key;
  if (key === undefined) {
    const message = `the report is sealed by ${seal.operator}, who is no operator of this charter: ${known.join(', ')}`;
    throw new Fault('integrity', 'SEAL_OPERATOR_UNKNOWN', message, { operator: seal.operator, known });
  }
  // The signature first: who changed the text could have written another digest beside it.
  if (!crypto.ed25519Verify(seal.signature, messageOf(seal.digest), key)) {
    const message = `the seal does not carry the signature of this network's ${seal.operator}: it was forged, or the report is that of another network`;
    throw new Fault('integrity', 'SEAL_WRONG', message, { operator: seal.operator });
  }
  const found = crypto.sha256(body);
  if (!equalBytes(found, seal.digest)) {
    const facts = { sealed: toHex(seal.digest), found: toHex(found) };
    throw new Fault('integrity', 'REPORT_CHANGED', 'the report was changed after it was sealed', facts);
  }
  return { operator: seal.operator, body, digest: crypto.sha256(file) };
}

/** Of a file, before it is read. Faults: REPORT_LONG (usage). */
export function checkReportLength(bytes: number): void {
  if (bytes <= REPORT_BYTES_MAX) return;
  const message = `a file of ${bytes} bytes is no report: no drill makes one of more than ${REPORT_BYTES_MAX}`;
  throw new Fault('usage', 'REPORT_LONG', message, { bytes, bytesMax: REPORT_BYTES_MAX });
}

function checkLength(bytes: number): void {
  if (bytes <= REPORT_BYTES_MAX) return;
  const message = `the report would have ${bytes} bytes, and at most ${REPORT_BYTES_MAX} can be sealed: play a shorter drill, or one with fewer readers`;
  throw new Fault('refused', 'REPORT_LONG', message, { bytes, bytesMax: REPORT_BYTES_MAX });
}

/** vauban/drill-report/0\n ‖ SHA-256 of everything before the seal. */
function messageOf(digest: Uint8Array): Uint8Array {
  const domain = utf8(DOMAIN);
  const message = new Uint8Array(domain.length + digest.length);
  message.set(domain);
  message.set(digest, domain.length);
  return message;
}

function parseSeal(
  file: Uint8Array,
  at: number,
): { readonly operator: string; readonly digest: Uint8Array; readonly signature: Uint8Array } {
  if (file.length - at > SEAL_BYTES_MAX) throw malformed('something follows it, or it is too long');
  if (at > 0 && file[at - 1] !== 10) throw malformed('it does not begin a line');
  const line = String.fromCharCode(...file.subarray(at));
  if (!line.endsWith(CLOSING)) throw malformed('it is not the last line');
  if (!line.startsWith(OPENING)) throw malformed('it is of another version');
  const parts = line.slice(OPENING.length, -CLOSING.length).split(' ');
  const [operator = '', hex = '', base64 = ''] = parts;
  const digest = fromHex(hex);
  const signature = fromBase64(base64);
  const right = parts.length === 3 && slugPattern.test(operator);
  if (!right || digest?.length !== 32 || signature?.length !== 64)
    throw malformed('it is not in its one form');
  return { operator, digest, signature };
}

/** Where the one seal begins; undefined without one. Faults: SEAL_MALFORMED when there are several. */
function findMark(file: Uint8Array): number | undefined {
  const mark = utf8(MARK);
  let found: number | undefined;
  for (let at = file.indexOf(mark[0] as number); at >= 0; at = file.indexOf(mark[0] as number, at + 1)) {
    if (!mark.every((byte, nth) => file[at + nth] === byte)) continue;
    if (found !== undefined) throw malformed('there are several');
    found = at;
  }
  return found;
}

function malformed(why: string): Fault {
  return new Fault('integrity', 'SEAL_MALFORMED', `the report's seal cannot be read: ${why}`, { why });
}
