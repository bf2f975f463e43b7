// Who answers an honest auditor with a leaf that is not of the fragment is found out: the auditor's log names the fragment in the
// end. Reads the answers on the wires, and checks the leaves itself.

import { concat, type Crypto, equalBytes, toHex } from '@vauban/core';
import type { Checker, Message } from '../checker.ts';
import { bytesOf, type Cbor, field, listOf, numberOf, readCbor, wordOf } from './cbor.ts';
import { certifiedLogs } from './certified-entries.ts';
import { daemonText, type Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';

interface Asked {
  readonly auditor: string;
  readonly holder: string;
  readonly segment: string;
  readonly index: number;
  readonly leaf: number;
}

interface Answered extends Asked {
  readonly answer: Cbor;
  readonly atMs: number;
}

/** Asked again, put into an entry, certified: while everybody is there. */
const FOUND_MS = 60_000;
const LEAF = Buffer.from('dleaf');

export function audits(evidence: Evidence, of: { readonly now: () => number }): Checker {
  const harmed = new Harmed();
  /** In order, by who asks whom; answers come in that order or not at all. */
  const asked = new Map<string, Asked[]>();
  const answered: Answered[] = [];
  const heardAtMs = new Map<string, number>();
  let quietSinceMs = Number.POSITIVE_INFINITY;
  return {
    name: 'audits',
    told(event) {
      harmed.told(event);
      if (event.of === 'well') quietSinceMs = Math.min(quietSinceMs, of.now());
    },
    saw(message: Message) {
      const { from, to, what, body } = message;
      heardAtMs.set(from, of.now());
      if (what === 'ask leaf' && Buffer.from(body).includes(LEAF)) {
        const ask = readCbor(body);
        const segment = toHex(bytesOf(field(ask, 'segment')) ?? new Uint8Array(0));
        const [index = -1, leaf = -1] = ['index', 'leaf'].map((key) => numberOf(field(ask, key)));
        const name = `${from} ${to}`;
        asked.set(name, [...(asked.get(name) ?? []), { auditor: from, holder: to, segment, index, leaf }]);
      }
      if (what !== 'answer leaf') return;
      const name = `${to} ${from}`;
      const [first, ...rest] = asked.get(name) ?? [];
      asked.set(name, rest);
      const answer = field(readCbor(body), 'answer');
      if (first !== undefined && rest.length === 0 && answer !== undefined && harmed.lies(from))
        answered.push({ ...first, answer, atMs: of.now() });
    },
    judge(end) {
      const logs = certifiedLogs(evidence, end);
      const roots = new Map<string, Uint8Array>();
      const named = new Set<string>();
      for (const { genesis, entries } of logs) {
        const writer = daemonText(field(genesis, 'daemon'));
        for (const { kind, voided, payload } of entries) {
          if (voided || payload === undefined) continue;
          if (kind === 'place') {
            const segment = toHex(bytesOf(field(payload, 'segment')) ?? new Uint8Array(0));
            for (const [index, one] of listOf(field(payload, 'fragments')).entries()) {
              const [root] = listOf(one);
              if (root instanceof Uint8Array) roots.set(`${segment} ${index}`, root);
            }
          }
          if (kind !== 'audit') continue;
          for (const key of ['failed', 'degraded'])
            for (const one of listOf(field(payload, key))) {
              const [segment, index] = listOf(one);
              if (segment instanceof Uint8Array)
                named.add(`${writer} ${toHex(segment)} ${wordOf(index ?? '')}`);
            }
        }
      }
      for (const one of answered) {
        const { auditor, holder, segment, index } = one;
        const root = roots.get(`${segment} ${index}`);
        const daemon = end.charter.daemons.find(({ site }) => site === auditor)?.id;
        const up = end.hosters.some(({ name, state }) => name === auditor && state === 'voting');
        if (daemon === undefined || root === undefined || !up || harmed.has(auditor)) continue;
        // Whoever is gone before it was asked again is accused of nothing.
        if (one.atMs < quietSinceMs || one.atMs + FOUND_MS > (heardAtMs.get(holder) ?? 0)) continue;
        const isRight = (answer: Answered) => proves(evidence.crypto, root, answer);
        if (isRight(one) || named.has(`${daemon} ${segment} ${index}`)) continue;
        // Who was wrong once and right when asked again is told of when the round is over.
        if (answered.some((later) => later.atMs > one.atMs && isSame(later, one) && isRight(later))) continue;
        throw new Error(
          `${holder} answered ${auditor} with a leaf that is not of fragment ${index} of ${segment}, and it says nothing of that`,
        );
      }
    },
  };
}

function isSame(one: Asked, other: Asked): boolean {
  const { auditor, holder, segment, index } = other;
  return one.auditor === auditor && one.holder === holder && one.segment === segment && one.index === index;
}

/** RFC 6962, 2.1.1, recomputed from the leaf up. */
function proves(crypto: Crypto, root: Uint8Array, { answer, leaf }: Answered): boolean {
  const bytes = bytesOf(field(answer, 'bytes'));
  const size = numberOf(field(answer, 'leaves'));
  const proof = listOf(field(answer, 'proof')).map(bytesOf);
  if (bytes === undefined || size === undefined) return false;
  const path = (at: number, leaves: number): Uint8Array | undefined => {
    if (leaves === 1) return crypto.sha256(Uint8Array.of(0), bytes);
    let half = 1;
    while (2 * half < leaves) half *= 2;
    const sibling = proof.pop();
    const own = at < half ? path(at, half) : path(at - half, leaves - half);
    if (sibling === undefined || own === undefined) return undefined;
    return crypto.sha256(Uint8Array.of(1), at < half ? concat(own, sibling) : concat(sibling, own));
  };
  const computed = leaf < size ? path(leaf, size) : undefined;
  return computed !== undefined && equalBytes(computed, root);
}
