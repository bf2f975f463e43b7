// The account of a month in the OpenAPI document.

import { diskReasons, ledgerReasons } from './account.ts';

const count = { type: 'integer', minimum: 0 } as const;
const text = { type: 'string' } as const;
const reasons = [...new Set([...Object.keys(ledgerReasons), ...Object.keys(diskReasons)])];

const exactly = <Properties extends object>(properties: Properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

export const accountSchemas = {
  SignedAccount: exactly({
    account: { $ref: '#/components/schemas/Account' },
    signature: {
      type: 'string',
      description:
        'Base64: Ed25519 by the receipt key of the daemon over "vauban/account/0", a line feed, and the account in deterministic CBOR.',
    },
  }),
  Account: exactly({
    format: { const: 'vauban/account/0' },
    charter: text,
    charterVersion: count,
    daemon: text,
    hoster: text,
    site: text,
    month: text,
    from: { ...count, description: 'When counting began, milliseconds since 1970-01-01 UTC.' },
    to: { ...count, description: 'When it ended.' },
    rows: { type: 'array', items: { $ref: '#/components/schemas/AccountRow' } },
  }),
  AccountRow: exactly({
    agency: { type: 'string', description: 'Empty for what is nobody’s.' },
    fragments: { ...count, description: 'By the ledger.' },
    ledgerBytes: count,
    releasedBytes: { ...count, description: 'Of ledgerBytes, what every claim was released of.' },
    indexBytes: count,
    fileBytes: { ...count, description: 'Lengths of the files.' },
    allocatedBytes: { ...count, description: 'What the file system took for them.' },
    differences: {
      type: 'array',
      description: 'They add up to what the second of the two has more than the first.',
      items: exactly({
        between: { enum: ['ledger-index', 'index-disk'] },
        reason: { enum: reasons },
        fragments: count,
        bytes: { type: 'integer' },
      }),
    },
  }),
} as const;
