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
  if (genesis.writer === 'daemon') {
    const daemon = charter.daemons.find((one) => equalBytes(daemonIdBytes(one.id), genesis.daemon));
    if (daemon === undefined) throw unknownWriter('daemon', toHex(genesis.daemon));
    return { kind: 'daemon', key: daemon.logKey, daemon: daemon.id };
  }
  const operator = charter.operators.find((one) => one.id === genesis.operator);
  if (operator === undefined) throw unknownWriter('operator', genesis.operator);
  return { kind: 'operator', key: operator.key, operator: operator.id };
}

/**
 * The same from stored bytes that were checked when they came in: only for logs already admitted, whose agency or
 * daemon may since have left the charter.
 */
export function storedWriterOf(
  charters: readonly Charter[],
  genesis: Payloads['genesis'],
): Writer | undefined {
  if (genesis.writer === 'device') {
    const delegation = readDelegation(genesis.note);
    return { kind: 'device', key: delegation.deviceKey, delegation };
  }
  for (const charter of charters.toReversed()) {
    if (genesis.writer === 'daemon') {
      const daemon = charter.daemons.find((one) => equalBytes(daemonIdBytes(one.id), genesis.daemon));
      if (daemon !== undefined) return { kind: 'daemon', key: daemon.logKey, daemon: daemon.id };
    } else {
      const operator = charter.operators.find((one) => one.id === genesis.operator);
      if (operator !== undefined) return { kind: 'operator', key: operator.key, operator: operator.id };
    }
  }
  return undefined;
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
