// Checkpoints, cosignatures and certificates read by a second hand, from the C2SP specifications alone: the judges of the
// world must not share a mistake with what they judge. Whatever cannot be read is nothing.

import { type Charter, type Crypto, fromBase64, utf8 } from '@vauban/core';

export interface JudgedHead {
  readonly origin: string;
  readonly size: number;
  /** Base64, as written. */
  readonly root: string;
}

/** The head of a signed note: its first three lines; undefined when it has none. */
export function judgedHead(note: string): JudgedHead | undefined {
  const [origin, size, root] = note.split('\n');
  if (origin === undefined || root === undefined || !/^[0-9]{1,15}$/.test(size ?? '')) return undefined;
  return fromBase64(root)?.length === 32 ? { origin, size: Number(size), root } : undefined;
}

/** A hoster's signature on a head, under its voting key of that epoch. */
export interface JudgedVote {
  readonly hoster: string;
  readonly epoch: number;
}

/** Who signed the head of a note with which line, by the charter versions given. Each hoster once per epoch. */
export function votesOn(crypto: Crypto, charters: readonly Charter[], note: string): JudgedVote[] {
  const [text = '', lines = ''] = note.split('\n\n');
  const found = new Map<string, JudgedVote>();
  for (const line of lines.split('\n')) {
    const vote = voteOf(crypto, charters, { head: `${text}\n`, line });
    if (vote !== undefined) found.set(`${vote.hoster} ${vote.epoch}`, vote);
  }
  return [...found.values()];
}

/** The vote that one cosignature line is on `head`, its three lines; undefined when it does not hold. */
export function voteOf(
  crypto: Crypto,
  charters: readonly Charter[],
  { head, line }: { readonly head: string; readonly line: string },
): JudgedVote | undefined {
  const [dash, name = '', base64 = ''] = line.trimEnd().split(' ');
  // A 4-byte key id, an 8-byte time in seconds, an Ed25519 signature.
  const bytes = fromBase64(base64);
  const [charterName, hosterId, epochText] = name.split('/');
  const epoch = Number(epochText);
  const charter = charters.findLast((one) => one.epoch === epoch);
  const hoster = charter?.hosters.find((one) => one.id === hosterId);
  const key = hoster?.votingKeys.find((one) => one.epoch === epoch)?.key;
  if (dash !== '—' || charterName !== charter?.name || key === undefined || bytes?.length !== 76)
    return undefined;
  const seconds = new DataView(bytes.buffer, bytes.byteOffset + 4, 8).getBigUint64(0);
  const message = utf8(`cosignature/v1\ntime ${seconds}\n${head}`);
  if (!crypto.ed25519Verify(bytes.subarray(12), message, key)) return undefined;
  return { hoster: hosterId as string, epoch };
}

/** More than half of n voters and f liars together: two such sets share an honest one. For nine and two: six. */
export function quorumIn(charter: Charter): number {
  const voters = charter.hosters.filter(
    (one) => one.voter !== null && one.votingKeys.some(({ epoch }) => epoch === charter.epoch),
  );
  let q = 1;
  while (2 * q - voters.length < charter.f + 1) q += 1;
  return q;
}
