// From which head the leaves of a round are derived: of a log that neither side writes, and that moved lately.

import { daemonIdBytes } from '@vauban/core';
import {
  encodePayload,
  formatHead,
  formatNote,
  type LogStore,
  type Payload,
  SIGNATURE_ED25519,
} from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import { sampleCharter } from '../../core/test/sample-charter.ts';
import { auditLedger } from '../src/watch/audit-ledger.ts';
import { crypto } from './watch-setup.ts';

const charter = sampleCharter({ crypto, hosters: 4 });
const [auditor, holder, third] = charter.daemons.map(({ id }) => id) as [string, string, string];
const OF = { holder, round: 3, since: 1_000 };

interface Log {
  readonly origin: string;
  readonly by: string | null;
  readonly storedAt?: number;
  readonly size?: number;
}

/** Logs by who writes them: a daemon, or an operator. */
function ledgerOf(...logs: readonly Log[]) {
  const find = (origin: string) => logs.find((one) => one.origin === origin) as Log;
  const root = (origin: string) => crypto.sha256(new TextEncoder().encode(origin));
  const held = {
    origins: () => logs.map(({ origin }) => origin),
    state: (origin: string) => {
      const { size = 4, storedAt = 2_000 } = find(origin);
      const line = {
        name: origin,
        type: SIGNATURE_ED25519,
        keyId: new Uint8Array(4),
        signature: new Uint8Array(64),
      };
      const text = formatHead({ origin, size, root: root(origin) });
      const certificate = size === 0 ? null : formatNote({ text, signatures: [line] });
      return { origin, size: 9, certifiedSize: size, certificate, storedAt };
    },
    record: async (origin: string) => {
      const { by } = find(origin);
      const payload: Payload =
        by === null
          ? { kind: 'genesis', writer: 'operator', operator: 'operator-1' }
          : { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(by) };
      return { entry: new Uint8Array(0), salt: new Uint8Array(32), payload: encodePayload(payload) };
    },
  } as unknown as LogStore;
  const ledger = auditLedger({ id: auditor, logs: held, crypto, charter: () => charter });
  return { ledger, root };
}

describe('the head of a round', () => {
  test('is the certified one of a log that is neither the auditor’s nor the holder’s', async () => {
    for (let nth = 0; nth < 10; nth++) {
      const { ledger, root } = ledgerOf(
        { origin: `sample/a${nth}`, by: auditor },
        { origin: `sample/b${nth}`, by: holder },
        { origin: `sample/c${nth}`, by: third },
      );
      expect(await ledger.head(OF)).toEqual({
        origin: `sample/c${nth}`,
        size: 4,
        root: root(`sample/c${nth}`),
      });
    }
  });

  test('is of a log that moved lately, where there is one', async () => {
    for (let nth = 0; nth < 10; nth++) {
      const { ledger } = ledgerOf(
        { origin: `sample/a${nth}`, by: null, storedAt: 10 },
        { origin: `sample/b${nth}`, by: third, storedAt: 1_000 },
      );
      expect((await ledger.head(OF))?.origin).toBe(`sample/b${nth}`);
    }
  });

  test('is of one of the two where there is no other, and of none where nothing is certified', async () => {
    const own = { origin: 'sample/a', by: auditor };
    expect((await ledgerOf(own).ledger.head(OF))?.origin).toBe('sample/a');
    expect(await ledgerOf({ ...own, size: 0 }).ledger.head(OF)).toBeUndefined();
  });

  test('is another one in another round, and the same for everybody who knows the same logs', async () => {
    const logs = Array.from({ length: 20 }, (_, nth) => ({
      origin: `sample/${nth}`,
      by: nth % 2 ? third : null,
    }));
    const chosen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const head = await ledgerOf(...logs).ledger.head({ ...OF, round });
      expect(await ledgerOf(...logs.toReversed()).ledger.head({ ...OF, round })).toEqual(head);
      chosen.add(head?.origin ?? '');
    }
    expect(chosen.size).toBeGreaterThan(5);
  });
});
