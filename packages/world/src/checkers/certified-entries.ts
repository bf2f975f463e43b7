// The union of all certified logs, as the judges read it from what honest hosters hand out in the end: each entry with its
// place, its payload, and when it was first seen certified.

import { toHex } from '@vauban/core';
import type { End, PulledLog } from '../checker.ts';
import { type Cbor, field, listOf, numberOf, readCbor, textOf } from './cbor.ts';
import type { Evidence } from './evidence.ts';
import { leafOf, rootsOf } from './tree.ts';

export interface CertifiedEntry {
  readonly origin: string;
  readonly index: number;
  readonly kind: string;
  /** The writer's wall time, in milliseconds. */
  readonly time: number;
  /** Undefined when it never was on a wire, or is erased. */
  readonly payload: Cbor | undefined;
  /** `nth` of the first certificate that covers it. */
  readonly certifiedNth: number;
  /** Certificates seen before anybody was asked to sign it. */
  readonly broughtNth: number;
  /** A void of it was certified together with it: it has no effect. */
  readonly voided: boolean;
}

export interface CertifiedLog {
  readonly origin: string;
  readonly size: number;
  readonly entries: readonly CertifiedEntry[];
  /** Payload of entry 0. */
  readonly genesis: Cbor | undefined;
  /** Hex of the vault id; undefined for logs that are not a device's. */
  readonly vault: string | undefined;
}

const computed = new WeakMap<End, readonly CertifiedLog[]>();

/** Remembered for each end. */
export function certifiedLogs(evidence: Evidence, end: End): readonly CertifiedLog[] {
  const known = computed.get(end);
  if (known !== undefined) return known;
  const logs = [...new Set(evidence.certified.map(({ origin }) => origin))].flatMap((origin) => {
    const heads = evidence.certified.filter((one) => one.origin === origin);
    const size = Math.max(...heads.map((one) => one.size));
    const root = heads.find((one) => one.size === size)?.root;
    // Which copy is right, the certificate says.
    const copy = end.logs.find(
      (one) => one.origin === origin && rootsOf(end.crypto, one.entries)[size] === root,
    );
    return copy === undefined ? [] : [logOf(evidence, copy, size)];
  });
  computed.set(end, logs);
  return logs;
}

function logOf(evidence: Evidence, { origin, entries }: PulledLog, size: number): CertifiedLog {
  const heads = evidence.certified.filter((one) => one.origin === origin);
  const nthOf = (index: number) => Math.min(...heads.filter((one) => one.size > index).map((one) => one.nth));
  const read = entries.slice(0, size).map((bytes, index) => {
    const [, kind, , time] = listOf(readCbor(bytes));
    const payload = evidence.payload(leafOf(evidence.crypto, bytes));
    const certifiedNth = nthOf(index);
    const broughtNth = evidence.broughtNth(origin, index);
    return {
      origin,
      index,
      kind: textOf(kind) ?? '',
      time: numberOf(time) ?? 0,
      payload,
      certifiedNth,
      broughtNth,
    };
  });
  const voidedAt = new Map<number, number>();
  for (const { kind, payload, index } of read) {
    const of = kind === 'void' ? numberOf(field(payload, 'index')) : undefined;
    if (of !== undefined && !voidedAt.has(of)) voidedAt.set(of, index);
  }
  const certified = read.map((one) => {
    const at = voidedAt.get(one.index);
    // A head between the two that was certified makes the void one of a certified entry: it has no effect.
    const voided = at !== undefined && !heads.some((head) => head.size > one.index && head.size <= at);
    return { ...one, voided };
  });
  const genesis = certified[0]?.payload;
  return { origin, size, entries: certified, genesis, vault: vaultOf(genesis) };
}

/** Of a device's log: its delegation names the vault. */
function vaultOf(genesis: Cbor | undefined): string | undefined {
  const vault = field(delegationOf(genesis), 'vault');
  return vault instanceof Uint8Array ? toHex(vault) : undefined;
}

/** Body of the root note in a device's genesis. */
export function delegationOf(genesis: Cbor | undefined): Cbor | undefined {
  const note = field(genesis, 'note');
  const [body] = note instanceof Uint8Array ? listOf(readCbor(note)) : [];
  return body instanceof Uint8Array ? readCbor(body) : undefined;
}
