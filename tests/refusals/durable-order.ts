// The law of what must be on the disk before a promise leaves (durability 4.1, ledger 2.3): given everything a daemon
// did, names the first promise that was given too early. Knows paths and keys as SPEC has them, not the daemon's code.

import { equalBytes, fromUtf8, toHex, utf8 } from '@vauban/core';
import type { Sent, Step } from './recorder.ts';

const VOTES = 'votes-1';

/** Undefined when each promise was kept first; otherwise what was missing. */
export function brokenPromise(steps: readonly Step[]): string | undefined {
  for (const [at, step] of steps.entries()) {
    if (step.at !== 'sent') continue;
    const missing = missingBefore(step.what, steps.slice(0, at));
    if (missing !== undefined) return `${step.what.promise} without ${missing}`;
  }
  return undefined;
}

export function promisesIn(steps: readonly Step[], promise: Sent['promise']): number {
  return steps.filter((step) => step.at === 'sent' && step.what.promise === promise).length;
}

function missingBefore(what: Sent, before: readonly Step[]): string | undefined {
  if (what.promise === 'receipt') return fragmentMissing(what, before);
  if (what.promise === 'cosignature') return voteMissing(what, before);
  return what.promise === 'draft'
    ? inOrder(
        before,
        voteSteps((bytes) => includes(bytes, utf8('/charter'))),
      )
    : inOrder(before, [['the synced note', (step) => holdsValue(step, 'ledger/N/', what.note)]]);
}

/** Write, fsync, rename, fsync of the directory, index synced: in this order, for this fragment. */
function fragmentMissing(
  of: { readonly segment: Uint8Array; readonly index: number },
  before: readonly Step[],
): string | undefined {
  const hex = toHex(of.segment);
  const directory = `fragments/${hex.slice(0, 2)}`;
  const path = `${directory}/${hex}-${of.index}`;
  const rename = before.findLast((step) => step.at === 'disk' && step.call === 'rename' && step.to === path);
  const temporary = rename?.at === 'disk' ? rename.path : undefined;
  const onTemporary = (call: string) => (step: Step) =>
    step.at === 'disk' &&
    step.call === call &&
    (temporary === undefined ? step.path.startsWith(`${path}.`) : step.path === temporary);
  const lastWrite = before.findLastIndex(onTemporary('write'));
  const rowKey = `index/fragment/`;
  return inOrder(before.slice(Math.max(0, lastWrite)), [
    ['the bytes written', onTemporary('write')],
    ['the fsync of the file', onTemporary('sync')],
    ['the rename', (step) => step === rename],
    ['the fsync of the directory', (step) => isDisk(step, 'syncDirectory', directory)],
    ['the synced index', (step) => holdsRow(step, rowKey, of)],
  ]);
}

/** The synced batch with that head, then the vote written and fsynced. */
function voteMissing(
  of: { readonly head: string; readonly origin: string; readonly root: Uint8Array },
  before: readonly Step[],
): string | undefined {
  const names = (bytes: Uint8Array) => includes(bytes, utf8(of.origin)) && includes(bytes, of.root);
  return inOrder(before, [
    ['the synced batch', (step) => holdsValue(step, `ledger/L/${of.origin}`, utf8(of.head))],
    ...voteSteps(names),
  ]);
}

/** A vote that `names` knows, written and fsynced. */
function voteSteps(names: (bytes: Uint8Array) => boolean): readonly Wanted[] {
  return [
    [
      'the vote written',
      (step) =>
        step.at === 'disk' && step.call === 'write' && step.path === VOTES && names(step.bytes ?? EMPTY),
    ],
    ['the fsync of the vote history', (step) => isDisk(step, 'sync', VOTES)],
  ];
}

const EMPTY = new Uint8Array(0);
type Wanted = readonly [name: string, is: (step: Step) => boolean];

/** The first of the wanted steps that does not follow the one before it. */
function inOrder(steps: readonly Step[], wanted: readonly Wanted[]): string | undefined {
  let from = 0;
  for (const [name, is] of wanted) {
    const found = steps.findIndex((step, at) => at >= from && is(step));
    if (found < 0) return name;
    from = found + 1;
  }
  return undefined;
}

function isDisk(step: Step, call: string, path: string): boolean {
  return step.at === 'disk' && step.call === call && step.path === path;
}

function synced(step: Step) {
  return step.at === 'store' && step.sync ? step.puts : [];
}

function startsWith(key: Uint8Array, prefix: string): boolean {
  return equalBytes(key.subarray(0, utf8(prefix).length), utf8(prefix));
}

function holdsValue(step: Step, prefix: string, part: Uint8Array): boolean {
  return synced(step).some(({ key, value }) => startsWith(key, prefix) && includes(value, part));
}

function holdsRow(step: Step, prefix: string, of: { segment: Uint8Array; index: number }): boolean {
  const end = Uint8Array.of(...of.segment, of.index);
  return synced(step).some(
    ({ key }) => startsWith(key, prefix) && equalBytes(key.subarray(key.length - end.length), end),
  );
}

function includes(whole: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).includes(Buffer.from(part));
}

/** For a failing test's message: the steps in words. */
export function inWords(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    if (step.at === 'disk') return `${step.call} ${step.path}${step.to === undefined ? '' : ` → ${step.to}`}`;
    if (step.at === 'sent') return `sent ${step.what.promise}`;
    const keys = step.puts.map(({ key }) => printable(key));
    return `${step.sync ? 'synced' : 'unsynced'} batch of ${keys.join(', ')}`;
  });
}

function printable(key: Uint8Array): string {
  const end = key.findIndex((byte) => byte < 0x20 || byte > 0x7e);
  return fromUtf8(key.subarray(0, end < 0 ? key.length : end));
}
