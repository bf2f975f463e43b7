// A receipt is true: whoever signed that it holds a fragment, and is honest, has it on its disk, whole, until a certified
// entry lets it go. Reads the disks, not the daemons.

import { equalBytes, type Files, toHex } from '@vauban/core';
import type { Checker, End } from '../checker.ts';
import { bytesOf, field, listOf, numberOf, wordOf } from './cbor.ts';
import { type CertifiedLog, certifiedLogs } from './certified-entries.ts';
import { daemonText, type Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { judgedPlace } from './places.ts';
import { fragmentRoot } from './tree.ts';

interface Held {
  readonly segment: Uint8Array;
  readonly index: number;
  readonly root: Uint8Array;
  readonly bytes: number;
  /** Hex id. */
  readonly daemon: string;
}

export function heldFragments(evidence: Evidence): Checker {
  const harmed = new Harmed();
  return {
    name: 'held-fragments',
    told: (event) => harmed.told(event),
    async judge(end) {
      const logs = certifiedLogs(evidence, end);
      const gone = letGo(end, logs);
      const seen = new Set<string>();
      for (const held of [...placed(logs), ...custodyOf(end, logs)]) {
        const name = `${held.daemon} ${toHex(held.segment)} ${held.index}`;
        if (seen.has(name)) continue;
        seen.add(name);
        const site = end.charter.daemons.find(({ id }) => id === held.daemon)?.site;
        const hoster = end.charter.sites.find(({ id }) => id === site)?.hoster ?? '';
        const machine = end.hosters.find((one) => one.name === hoster);
        if (machine === undefined || machine.state === 'burnt' || harmed.has(hoster)) continue;
        if (gone.has(name) || gone.has(`* ${toHex(held.segment)}`)) continue;
        const wrong = await problem(end, machine.files, held);
        if (wrong !== undefined)
          throw new Error(
            `${hoster} signed for fragment ${held.index} of ${toHex(held.segment)}, and ${wrong}`,
          );
      }
    },
  };
}

function placed(logs: readonly CertifiedLog[]): Held[] {
  return logs.flatMap(({ entries }) =>
    entries.flatMap(({ kind, voided, payload }) => {
      const place = kind === 'place' && !voided && payload !== undefined ? judgedPlace(payload) : undefined;
      const { segment, bytes, held = [] } = place ?? {};
      if (segment === undefined || bytes === undefined) return [];
      return held.map(({ index, root, daemon }) => ({ segment, index, root, bytes, daemon }));
    }),
  );
}

/** Custody that daemons certified in their own logs. */
export function custodyOf(end: End, logs: readonly CertifiedLog[]): Held[] {
  return logs.flatMap(({ genesis, entries }) => {
    const daemon = daemonText(field(genesis, 'daemon'));
    return entries.flatMap(({ kind, voided, payload }) => {
      if (kind !== 'custody' || voided) return [];
      const [segment, root] = [bytesOf(field(payload, 'segment')), bytesOf(field(payload, 'root'))];
      const [index, bytes] = [numberOf(field(payload, 'index')), numberOf(field(payload, 'bytes'))];
      if (segment === undefined || root === undefined || index === undefined || bytes === undefined)
        return [];
      return end.charter.daemons.some(({ id }) => id === daemon)
        ? [{ segment, root, index, bytes, daemon }]
        : [];
    });
  });
}

/** What may be missing: `daemon segment index` that its holder certified as lost or trimmed, `* segment` when purged. */
export function letGo(end: End, logs: readonly CertifiedLog[]): Set<string> {
  const gone = new Set<string>();
  for (const { genesis, entries } of logs) {
    const daemon = daemonText(field(genesis, 'daemon'));
    if (!end.charter.daemons.some(({ id }) => id === daemon)) continue;
    for (const { kind, voided, payload } of entries) {
      if (voided) continue;
      if (kind === 'lost')
        for (const pair of listOf(field(payload, 'fragments'))) {
          const [segment, index] = listOf(pair);
          if (segment instanceof Uint8Array) gone.add(`${daemon} ${toHex(segment)} ${wordOf(index)}`);
        }
      if (kind === 'trim') {
        const segment = bytesOf(field(payload, 'segment'));
        if (segment) gone.add(`${daemon} ${toHex(segment)} ${wordOf(field(payload, 'index'))}`);
      }
      if (kind === 'purge')
        for (const segment of listOf(field(payload, 'segments')))
          if (segment instanceof Uint8Array) gone.add(`* ${toHex(segment)}`);
    }
  }
  return gone;
}

/** The fragment's file, as the daemon's specification lays it out: its bytes come first. */
async function problem(end: End, files: Files, held: Held): Promise<string | undefined> {
  const name = toHex(held.segment);
  try {
    const bytes = await files.read(`fragments/${name.slice(0, 2)}/${name}-${held.index}`, 0, held.bytes);
    return equalBytes(fragmentRoot(end.crypto, bytes), held.root) ? undefined : 'holds other bytes';
  } catch {
    return 'does not have it';
  }
}
