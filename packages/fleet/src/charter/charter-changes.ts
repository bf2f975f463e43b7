// What one version of the charter changes in another, in words: what an officer reads before signing, and what the
// history shows afterwards.

import { type Charter, toHex } from '@vauban/core';
import { decisionsOf } from './charter-text.ts';
import { durationRows } from './durations-text.ts';

type Named = { readonly [field: string]: unknown };

const lists = {
  officers: 'officer',
  operators: 'operator',
  hosters: 'hoster',
  sites: 'site',
  daemons: 'daemon',
  agencies: 'agency',
  policies: 'policy',
} as const;

/** An officer must see what this does, and ask the agency whether it is meant. */
const REPLACED_ROOT = 'machines that the old one let in write no more';

/** One line per change; empty when a version only renews the one before. */
export function charterChanges(before: Charter, after: Charter): string[] {
  const [old, next] = [decisionsOf(before), decisionsOf(after)];
  const lines: string[] = [];
  if (before.f !== after.f) lines.push(`hosters that may lie: ${before.f} → ${after.f}`);
  if (before.officersLying !== after.officersLying) {
    lines.push(`officers that may lie: ${before.officersLying} → ${after.officersLying}`);
  }
  const durations = new Map(durationRows(before.durations));
  for (const [name, text] of durationRows(after.durations)) {
    const was = durations.get(name);
    if (was !== text) lines.push(`waiting time ${name}: ${was} → ${text}`);
  }
  for (const list of Object.keys(lists) as (keyof typeof lists)[]) {
    lines.push(...listChanges(lists[list], byId(old[list]), byId(next[list])));
  }
  if (before.epoch !== after.epoch) lines.push(...epochChanges(before, after));
  return lines;
}

function listChanges(
  what: string,
  before: ReadonlyMap<string, Named>,
  after: ReadonlyMap<string, Named>,
): string[] {
  const lines: string[] = [];
  for (const [id, one] of before) {
    const next = after.get(id);
    if (next === undefined) lines.push(`${what} ${id} leaves`);
    else lines.push(...fieldChanges(`${what} ${id}`, one, next));
  }
  for (const [id, one] of after) {
    if (!before.has(id)) lines.push(`${what} ${id} joins${introduction(one)}`);
  }
  return lines;
}

/** What a reader needs to recognise a newcomer. */
function introduction(one: Named): string {
  const said = ['name', 'city', 'site', 'address'].flatMap((field) => {
    const value = one[field];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

function fieldChanges(path: string, before: Named, after: Named): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const [old, next] = [before[field], after[field]];
    if (isRecord(old) && isRecord(next)) return fieldChanges(`${path}, ${field}`, old, next);
    const [said, saying] = [inWords(field, old), inWords(field, next)];
    if (said === saying) return [];
    if (field === 'rootKey')
      return [`${path}: its root key is replaced, ${said} → ${saying}: ${REPLACED_ROOT}`];
    return [`${path}: ${field} ${said} → ${saying}`];
  });
}

function epochChanges(before: Charter, after: Charter): string[] {
  const lines = [`epoch ${before.epoch} → ${after.epoch}: every voter signs with a new key`];
  for (const one of after.hosters) {
    if (one.voter !== null && one.votingSince === after.epoch) lines.push(`${one.id} enters as a new voter`);
  }
  const voting = new Set(after.hosters.flatMap((one) => (one.voter === null ? [] : [one.id])));
  for (const one of before.hosters) {
    if (one.voter !== null && !voting.has(one.id)) lines.push(`${one.id} loses its vote`);
  }
  return lines;
}

function inWords(field: string, value: unknown): string {
  if (value instanceof Uint8Array) return `${toHex(value).slice(0, 16)}…`;
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number' && /^l(at|ong)itude$/.test(field)) return `${value / 1e6}°`;
  if (typeof value === 'number' && /^valid(From|Until)$/.test(field)) {
    return new Date(value).toISOString().slice(0, 10);
  }
  if (Array.isArray(value)) return value.map((one) => inWords(field, one)).join(' ') || 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function byId(list: readonly object[]): ReadonlyMap<string, Named> {
  return new Map(
    list.map((one) => {
      const named = one as Named;
      return [String(named['id'] ?? named['name']), named];
    }),
  );
}

function isRecord(value: unknown): value is Named {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
