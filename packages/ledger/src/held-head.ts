// Other signed heads against the one held: the same again, one that a certificate vouches for, or a fork. Owns that a
// second history is never taken for the first, and that its proof is kept.

import { asFault, assert, equalBytes, Fault } from '@vauban/core';
import { keepProof } from './branches.ts';
import { type Head, openCertificate, openCheckpoint, readHead } from './checkpoint.ts';
import { forkProof } from './fork-proof.ts';
import type { CheckedAppend } from './append-check.ts';
import type { LogState } from './log-rows.ts';
import { type MirrorGround, storedWriter, writerHeld } from './mirror-ground.ts';

/** A second head of the size held is the same root again. Faults: LOG_SIGNATURE; FORKED, and the evidence is kept. */
export async function checkSameHead(
  ground: MirrorGround,
  { origin, size, checkpoint: held }: LogState,
  checkpoint: string,
): Promise<void> {
  const { crypto, logs } = ground;
  const { key } = await writerHeld(ground, origin);
  const head = openCheckpoint(crypto, checkpoint, key);
  if (equalBytes(head.root, readHead(held).root)) return;
  const leaves = new Uint8Array(0);
  const proof = forkProof(crypto, key, [
    { checkpoint: held, leaves },
    { checkpoint, leaves },
  ]);
  assert(proof !== undefined, 'two roots of one size prove a fork');
  await keepProof(logs, origin, proof);
  throw forked('refused', `the writer of ${origin} signed two histories of size ${size}`, { origin, size });
}

/** Head of a certificate that covers the append's end. What is wrong with it is an answer, not a failure here. */
export function coveringHead(
  { crypto, charters }: MirrorGround,
  certificate: string,
  { head: { origin, size, root }, writer }: CheckedAppend,
): Head {
  let head: Head;
  try {
    ({ head } = openCertificate(crypto, charters, certificate, writer.key));
  } catch (error) {
    const fault = asFault(error);
    throw new Fault('refused', fault.code, fault.message, fault.facts, error);
  }
  if (head.origin !== origin || head.size < size) {
    throw new Fault('refused', 'CERTIFICATE_OTHER', 'the certificate does not cover this append', {});
  }
  if (head.size === size && !equalBytes(head.root, root))
    throw forked('refused', `the certificate of ${origin} is of another history`, { origin, size });
  return head;
}

/** Remembers a certificate of a head held. The caller is alone with the log. Faults: those of openCertificate, FORKED. */
export async function certifyHeld(ground: MirrorGround, origin: string, certificate: string): Promise<void> {
  const { crypto, charters, logs } = ground;
  const state = logs.state(origin);
  const writer = await logs.writer(origin, storedWriter(ground));
  if (writer === undefined || state.size === 0) return;
  const { head } = openCertificate(crypto, charters, certificate, writer.key);
  const { size } = head;
  if (head.origin !== origin || size > state.size) return;
  if (!(await logs.holds(origin, head))) {
    const message = `the certificate of ${origin} is of another history than the one held`;
    throw forked('integrity', message, { origin, size });
  }
  await logs.certify(origin, { size, certificate });
}

function forked(
  kind: 'refused' | 'integrity',
  message: string,
  facts: { readonly origin: string; readonly size: number },
): Fault {
  return new Fault(kind, 'FORKED', message, facts);
}
