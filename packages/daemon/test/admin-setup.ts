// What the tests of the admin plane share: ports that answer like a daemon at work, and a judge of JSON by its schema.

import type { AdminPorts, MetricFacts } from '../src/admin/admin-ports.ts';
import { openApi } from '../src/admin/openapi.ts';
import type { LogLevel } from '../src/log.ts';
import { daemon } from './fragment-setup.ts';
import { viewOf } from './network-setup.ts';

export const metricFacts: MetricFacts = {
  hoster: 'cigogne',
  site: 'strasbourg',
  now: 1_800_000_060_000,
  startedAt: 1_800_000_000_500,
  fragments: 3,
  missingFragments: 1,
  strayFiles: 2,
  bytesByAgency: { archives: 48_000, hospital: 16 },
  capacityBytes: 1_000_000,
  freeBytes: 951_984,
  diskFreeBytes: 2_000_000,
  diskSizeBytes: 4_000_000,
  diskFailed: false,
  logs: 2,
  entries: 40,
  uncertified: 1,
  quarantinedLogs: 0,
  caughtUp: true,
  voterSilent: false,
  alertsByCode: { LOG_UNREADY: 1 },
  refusedMessages: 5,
  sentBytes: 1_000,
  receivedBytes: 2_000,
  charterVersion: 3,
  charterExpires: 1_900_000_000_000,
  peers: [{ hoster: 'mirabelle', site: 'metz', up: 1, silent: 0, lost: 2 }],
  readOnly: false,
  draining: true,
  drainBytesLeft: 48_016,
  care: {
    segmentsByMargin: { '-1': 1, '0': 2, '2': 3, '9': 4, '12': 5 },
    repairBytesLeft: 700,
    repairPaused: false,
    repairedFragments: 6,
    repairBytesBySite: { metz: 300, nancy: 100 },
    audits: { passed: 10, failed: 1, unanswered: 2, bytes: 50_000, coveredFragments: 7, totalFragments: 9 },
    scrub: { readBytes: 123, progress: 0.25, damagedFragments: 1 },
  },
};

const leaving = { fragmentsLeft: 3, bytesLeft: 48_016, etaSeconds: 60, safeToStop: false };
const said = { code: 'READ_ONLY', message: 'this daemon is read-only', facts: { class: 'later' } };

/** Answers with everything there is, so that every schema is exercised. */
export function fakePorts(
  changed: Partial<AdminPorts> = {},
): AdminPorts & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  let level: LogLevel = 'info';
  return {
    asked,
    status: async () => ({
      daemon,
      hoster: 'cigogne',
      site: 'strasbourg',
      mode: 'draining',
      charter: { name: 'grand-est', version: 3, expires: 1_900_000_000_000 },
      startedAt: 1_800_000_000_500,
      holds: {
        fragments: 3,
        bytes: 48_016,
        freeBytes: 951_984,
        capacityBytes: 1_000_000,
        agencies: [{ agency: 'archives', name: 'Archives', bytes: 48_000 }],
      },
      ledger: { logs: 2, entries: 40, uncertified: 1, silent: said },
      doing: [
        { what: 'drain', text: 'hands its fragments over' },
        { what: 'scrub', text: 're-reads what it holds', done: 1, total: 4 },
      ],
      wants: [said],
      peers: metricFacts.peers,
      drain: { draining: true, waitsFor: null, ...leaving },
      refusedMessages: 5,
      logLevel: level,
    }),
    ready: async () => {
      const check = { ok: true, message: 'well' };
      return { ready: true, checks: { identity: check, disk: check, ledger: check, peers: check } };
    },
    metrics: async () => metricFacts,
    healing: async () => ({
      paused: false,
      segmentsToRepair: 6,
      byMargin: { '-1': 1, '2': 5 },
      bytesToGo: 700,
      rateByLink: { metz: 10 },
      etaSeconds: null,
      doneSegments: 1,
      doneBytes: 2,
      leaving,
      readOnly: 'away',
    }),
    network: async () => viewOf(),
    mapScript: () => 'void 0;\n',
    drainState: async () => ({ draining: true, waitsFor: 'a quorum', ...leaving }),
    drain: async (cancel) => {
      asked.push(`drain ${cancel}`);
      return { draining: !cancel, waitsFor: null, ...leaving };
    },
    readmit: async () => {
      asked.push('readmit');
      return { readOnly: false, losses: 1 };
    },
    logLevel: () => level,
    setLogLevel: (to) => {
      level = to;
    },
    account: async (month) => ({
      account: {
        format: 'vauban/account/0',
        charter: 'grand-est',
        charterVersion: 3,
        daemon,
        hoster: 'cigogne',
        site: 'strasbourg',
        month: month ?? '2027-01',
        from: 1,
        to: 2,
        rows: [
          {
            agency: 'archives',
            fragments: 1,
            ledgerBytes: 10,
            releasedBytes: 0,
            indexBytes: 12,
            fileBytes: 12,
            allocatedBytes: 12,
            differences: [{ between: 'ledger-index', reason: 'never-placed', fragments: 1, bytes: 2 }],
          },
        ],
      },
      signature: 'AA==',
    }),
    scopeOf: async (token) => (token === 'operate' ? 'operate' : 'read'),
    ...changed,
  };
}

type Schema = { readonly [keyword: string]: unknown };
const KEYWORDS = new Set(
  'type properties required additionalProperties items enum const anyOf $ref minimum pattern description default'.split(
    ' ',
  ),
);

/** Where a value departs from its schema; empty when it does not. Knows the keywords of our document, and no other. */
export function departures(schema: Schema, value: unknown, at = '$'): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword));
  if (unknown.length > 0) return [`${at}: the schema uses ${unknown.join()}`];
  if (typeof schema['$ref'] === 'string') {
    const name = schema['$ref'].replace('#/components/schemas/', '');
    const found = (openApi.components.schemas as { readonly [name: string]: Schema })[name];
    return found === undefined ? [`${at}: no schema ${name}`] : departures(found, value, at);
  }
  const anyOf = schema['anyOf'] as readonly Schema[] | undefined;
  if (anyOf?.some((one) => departures(one, value, at).length === 0) === false)
    return [`${at}: none of anyOf`];
  if ('const' in schema && schema['const'] !== value) return [`${at}: is not ${String(schema['const'])}`];
  const choices = schema['enum'] as readonly unknown[] | undefined;
  if (choices?.includes(value) === false) return [`${at}: ${String(value)} is none of the enum`];
  const types = schema['type'] === undefined ? [] : [schema['type']].flat();
  if (types.length > 0 && !types.some((type) => isA(type, value))) return [`${at}: is no ${types.join()}`];
  if (typeof value === 'number' && value < Number(schema['minimum'] ?? -Infinity))
    return [`${at}: too small`];
  if (typeof value === 'string' && !new RegExp(String(schema['pattern'] ?? '')).test(value)) {
    return [`${at}: does not match`];
  }
  if (Array.isArray(value)) {
    const items = (schema['items'] ?? {}) as Schema;
    return value.flatMap((one, nth) => departures(items, one, `${at}[${nth}]`));
  }
  return typeof value === 'object' && value !== null ? inObject(schema, value, at) : [];
}

function inObject(schema: Schema, value: object, at: string): string[] {
  const properties = (schema['properties'] ?? {}) as { readonly [name: string]: Schema };
  const required = (schema['required'] ?? []) as readonly string[];
  const others = schema['additionalProperties'] as boolean | Schema | undefined;
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${at}: ${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const known = properties[name] ?? (typeof others === 'object' ? others : undefined);
      if (known !== undefined) return departures(known, one, `${at}.${name}`);
      return others === false ? [`${at}: ${name} is not known`] : [];
    }),
  ];
}

function isA(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
