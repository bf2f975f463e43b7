// A consortium of as many sites as asked for, every key a function of a name.

import type { Charter } from '@vauban/core';
import { slugOf } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { makeKey, makePublicLine } from '@vauban/daemon';
import { cities } from '../src/cities.ts';
import { foundCharter, suggestCode } from '../src/found-charter.ts';

export const NOW = 1_800_000_000_000;
const crypto = nodeCrypto;

const keyOf = (role: 'identity' | 'receipt' | 'log' | 'officer' | 'operator', name: string) =>
  makeKey(role, {
    crypto,
    random: { bytes: () => crypto.sha256(new TextEncoder().encode(`${role} ${name}`)) },
  });

export function lineOf(nth: number): string {
  const city = cities[nth] as (typeof cities)[number];
  const site = slugOf(city.name);
  const receipt = keyOf('receipt', site).publicKey;
  const identity = keyOf('identity', site);
  const id = Buffer.from(crypto.sha256(Buffer.from('vauban/daemon-id/0\n'), receipt).subarray(0, 16));
  return makePublicLine(
    crypto,
    {
      format: 'vauban/daemon-facts/0',
      hoster: { id: slugOf(city.hoster), name: city.hoster, identityKey: identity.publicKey },
      site: {
        id: site,
        city: city.name,
        country: 'FR',
        building: site,
        address: '',
        latitude: Math.round(city.latitude * 1e6),
        longitude: Math.round(city.longitude * 1e6),
      },
      daemon: {
        id: id.toString('hex'),
        receiptKey: receipt,
        logKey: keyOf('log', site).publicKey,
        peer: `peer-${site}`,
        addresses: ['/ip4/127.0.0.1/tcp/1'],
        capacityBytes: 100e9,
      },
      voting: { epoch: 1, key: crypto.sha256(identity.publicKey) },
      declaration: {
        seat: 'FR',
        law: 'FR',
        data: 'FR',
        foreignShareLargest: 0,
        foreignShareTotal: 0,
        foreignVeto: false,
        certifications: [],
        validFrom: NOW,
        validUntil: NOW + 1_000,
        signedBy: city.hoster,
      },
    },
    identity.seed,
  );
}

export function charterOf(sites: number) {
  const { k, m } = suggestCode(sites);
  return foundCharter({
    name: 'test',
    publicLines: Array.from({ length: sites }, (_, nth) => lineOf(nth)),
    officers: Array.from({ length: sites }, (_, nth) => ({
      id: `officer-${nth}`,
      key: keyOf('officer', String(nth)).publicKey,
    })),
    operators: [{ id: 'operator', key: keyOf('operator', '').publicKey }],
    k,
    m,
    now: NOW,
    crypto,
  });
}

/** Four sites and one agency. */
export function sampleCharter(): Charter {
  const charter = charterOf(4);
  return {
    ...charter,
    agencies: [
      {
        id: 'ville-de-metz',
        name: 'Ville de Metz',
        rootKey: keyOf('identity', 'agency').publicKey,
        quotaBytes: 1e9,
        suspended: false,
        policies: charter.policies.map(({ name }) => name),
      },
    ],
  };
}
