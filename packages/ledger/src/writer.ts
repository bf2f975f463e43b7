// Who may write a log, as its genesis entry says and the charter confirms.

import { type Charter, type Crypto, daemonIdBytes, equalBytes, Fault, toHex } from '@vauban/core';
import { originOf } from './checkpoint.ts';
import type { Payloads } from './entry.ts';
import { type Delegation, openDelegation, readDelegation } from './root-note.ts';

export type Writer =
  | { readonly kind: 'device'; readonly key: Uint8Array; readonly delegation: Delegation }
  | { readonly kind: 'daemon'; readonly key: Uint8Array; readonly daemon: string }
  | { readonly kind: 'operator'; readonly key: Uint8Array; readonly operator: string };

/**
 * The writer a genesis payload names, checked under the charter, and its log's origin.
 * Faults: MALFORMED, CHARTER_OTHER, AGENCY_UNKNOWN, DELEGATION_FORGED, WRITER_UNKNOWN.
 */
export function writerOf(crypto: Crypto, charter: Charter, genesis: Payloads['genesis']): Writer {
  if (genesis.writer === 'device') {
    const delegation = openDelegation(crypto, charter, genesis.note);
    return { kind: 'device', key: delegation.deviceKey, delegation };
  }
  const writer = memberOf(charter, genesis);
  if (writer !== undefined) return writer;
  if (genesis.writer === 'daemon') throw unknownWriter('daemon', toHex(genesis.daemon));
  throw unknownWriter('operator', genesis.operator);
}

/** A log's first payload and its name: keys change between charter versions, the name says which one is meant. */
export interface LogGenesis {
  readonly origin: string;
  readonly payload: Payloads['genesis'];
}

/**
 * The writer under the newest version that confirms it: for what is certified, whose writer may since have left.
 * Faults: those of the newest version, when none confirms it.
 */
export function writerUnder(crypto: Crypto, charters: readonly Charter[], genesis: LogGenesis): Writer {
  let refused: unknown;
  for (const charter of charters.toReversed()) {
    try {
      const writer = writerOf(crypto, charter, genesis.payload);
      checkOrigin(crypto, charter.name, genesis.origin, writer);
      return writer;
    } catch (error) {
      refused ??= error;
    }
  }
  throw refused;
}

/** The same from stored bytes, whose signatures were checked when they came in. */
export function storedWriterOf(
  crypto: Crypto,
  charters: readonly Charter[],
  { origin, payload }: LogGenesis,
): Writer | undefined {
  if (payload.writer === 'device') {
    const delegation = readDelegation(payload.note);
    return { kind: 'device', key: delegation.deviceKey, delegation };
  }
  for (const charter of charters.toReversed()) {
    const writer = memberOf(charter, payload);
    if (writer !== undefined && originOf(crypto, charter.name, writer.key) === origin) return writer;
  }
  return undefined;
}

/** Whether the charter lists this very key of a daemon or operator; a device's key is no business of the charter. */
export function isListed(charter: Charter, writer: Writer): boolean {
  if (writer.kind === 'device') return true;
  const key =
    writer.kind === 'daemon'
      ? charter.daemons.find((one) => one.id === writer.daemon)?.logKey
      : charter.operators.find((one) => one.id === writer.operator)?.key;
  return key !== undefined && equalBytes(key, writer.key);
}

function memberOf(
  charter: Charter,
  genesis: Exclude<Payloads['genesis'], { readonly writer: 'device' }>,
): Writer | undefined {
  if (genesis.writer === 'daemon') {
    const daemon = charter.daemons.find((one) => equalBytes(daemonIdBytes(one.id), genesis.daemon));
    return daemon && { kind: 'daemon', key: daemon.logKey, daemon: daemon.id };
  }
  const operator = charter.operators.find((one) => one.id === genesis.operator);
  return operator && { kind: 'operator', key: operator.key, operator: operator.id };
}

/** Faults: ORIGIN_OTHER when the log's name is not its writer's. */
export function checkOrigin(crypto: Crypto, charterName: string, origin: string, writer: Writer): void {
  if (originOf(crypto, charterName, writer.key) !== origin) {
    throw new Fault('refused', 'ORIGIN_OTHER', `the log ${origin} is not named after its writer's key`, {
      origin,
    });
  }
}

function unknownWriter(kind: string, id: string): Fault {
  return new Fault('refused', 'WRITER_UNKNOWN', `the ${kind} ${id} is not in the charter`, { kind, id });
}
