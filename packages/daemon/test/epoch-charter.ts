// Four hosters with a vote each and one officer: a charter whose epochs change.

import { type Charter, type Crypto, daemonIdOf, utf8 } from '@vauban/core';

/** The seed behind a role: `officer`, `identity 2`, `voting 2 0` (hoster, epoch). */
export function seedOf(crypto: Crypto, role: string): Uint8Array {
  return crypto.sha256(utf8(`epoch charter ${role}`));
}

export function keyOf(crypto: Crypto, role: string): Uint8Array {
  return crypto.ed25519Public(seedOf(crypto, role));
}

/** Version 1, in epoch 0. Hosters are `hoster-1` to `hoster-4`. */
export function epochCharter(crypto: Crypto): Charter {
  const numbers = [1, 2, 3, 4];
  const key = (role: string) => keyOf(crypto, role);
  const voterOf = (number: number) => daemonIdOf(crypto, key(`receipt ${number}`));
  const declaration = {
    seat: 'FR',
    law: 'FR',
    data: 'FR',
    foreignShareLargest: 0,
    foreignShareTotal: 0,
    foreignVeto: false,
    certifications: [],
    validFrom: 0,
    validUntil: 1,
    signedBy: 'a director',
  };
  return {
    format: 'vauban/charter/0',
    name: 'sample',
    version: 1,
    previous: null,
    issued: 0,
    expires: 1,
    epoch: 0,
    f: 1,
    officers: [{ id: 'ana', key: key('officer') }],
    officersLying: 0,
    operators: [],
    hosters: numbers.map((number) => ({
      id: `hoster-${number}`,
      name: `Hoster ${number}`,
      identityKey: key(`identity ${number}`),
      voter: voterOf(number),
      votingSince: 0,
      votingKeys: [{ epoch: 0, key: key(`voting ${number} 0`) }],
      declaration,
    })),
    sites: numbers.map((number) => ({
      id: `site-${number}`,
      hoster: `hoster-${number}`,
      city: 'Metz',
      country: 'FR',
      building: `site-${number}`,
      address: '',
      latitude: 0,
      longitude: 0,
    })),
    daemons: numbers.map((number) => ({
      id: voterOf(number),
      site: `site-${number}`,
      receiptKey: key(`receipt ${number}`),
      logKey: key(`log ${number}`),
      peer: `peer-${number}`,
      addresses: [],
      capacityBytes: 1,
    })),
    agencies: [],
    policies: [],
  };
}
