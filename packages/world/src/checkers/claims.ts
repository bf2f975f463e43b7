// Who claims which segment, and who gave that up, by the certified logs.

import { toHex } from '@vauban/core';
import { type Cbor, field, listOf, readCbor, textOf, wordOf } from './cbor.ts';
import type { CertifiedLog } from './certified-entries.ts';

export interface Claim {
  readonly name: string;
  /** Hex. */
  readonly segment: string;
  readonly vault: string;
}

export interface Release {
  readonly name: string;
  readonly vault: string;
  readonly nth: number;
  /** Certificates seen before anybody was asked to sign it. */
  readonly broughtNth: number;
}

/** A claim is named by its place in the ledger; one that was adopted by that of the adopting entry. */
export function claimsOf({ vault, entries }: CertifiedLog): Claim[] {
  if (vault === undefined) return [];
  return entries.flatMap(({ kind, payload, origin, index, voided }) => {
    if (voided || payload === undefined) return [];
    const name = `${origin} ${index}`;
    const taken = field(field(payload, 'record'), 'payload');
    const said = kind === 'adopt' && taken instanceof Uint8Array ? readTaken(taken) : { kind, payload };
    return segmentsOf(said).map((segment) => ({ name, segment, vault }));
  });
}

export function releasesOf({ vault, entries, origin }: CertifiedLog): Release[] {
  if (vault === undefined) return [];
  return entries.flatMap(({ kind, payload, voided, certifiedNth: nth, broughtNth }) => {
    if (kind !== 'release' || voided) return [];
    const claims = listOf(field(payload, 'claims')).map(entryName);
    const objects = listOf(field(payload, 'objects')).map((index) => `${origin} ${wordOf(index)}`);
    return [...claims, ...objects].map((name) => ({ name, vault, nth, broughtNth }));
  });
}

/** Segments, hex, that somebody claims and nobody gave up for all of them. */
export function liveSegments(logs: readonly CertifiedLog[]): Set<string> {
  const releases = logs.flatMap(releasesOf);
  const held = logs
    .flatMap(claimsOf)
    .filter(({ name, vault }) => !releases.some((one) => one.name === name && one.vault === vault));
  return new Set(held.map(({ segment }) => segment));
}

/** [origin, index] or {origin, index}. */
export function entryName(value: Cbor): string {
  const [origin, index] = Array.isArray(value)
    ? listOf(value)
    : [field(value, 'origin'), field(value, 'index')];
  return `${wordOf(origin)} ${wordOf(index)}`;
}

function segmentsOf({
  kind,
  payload,
}: {
  readonly kind: string;
  readonly payload: Cbor | undefined;
}): string[] {
  const named =
    kind === 'place'
      ? [field(payload, 'segment')]
      : kind === 'keep'
        ? listOf(field(payload, 'segments'))
        : [];
  return named.flatMap((segment) => (segment instanceof Uint8Array ? [toHex(segment)] : []));
}

function readTaken(bytes: Uint8Array): { readonly kind: string; readonly payload: Cbor | undefined } {
  const payload = readCbor(bytes);
  return { kind: textOf(field(payload, 'kind')) ?? '', payload };
}
