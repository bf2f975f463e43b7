// The OpenAPI document of the admin plane, written by hand. Tests hold real answers against it.

import { logLevels } from '../log.ts';
import { accountSchemas } from './openapi-account.ts';
import { networkSchemas } from './openapi-network.ts';

const count = { type: 'integer', minimum: 0 } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const time = { type: 'integer', minimum: 0, description: 'Milliseconds since 1970-01-01 UTC.' } as const;
const seconds = { type: ['integer', 'null'], minimum: 0 } as const;
const to = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const nullable = (name: string) => ({ anyOf: [to(name), { type: 'null' }] });
const listOf = (name: string) => ({ type: 'array', items: to(name) });

/** An object with all of these and nothing else. */
const exactly = <Properties extends object>(properties: Properties, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
const counts = { type: 'object', additionalProperties: count } as const;

const schemas = {
  Said: exactly({ code: text, message: text, facts: { type: 'object' } }),
  Fault: exactly({ kind: text, code: text, message: text, facts: { type: 'object' } }),
  Check: exactly({ ok: flag, message: text }),
  Alive: exactly({ alive: { const: true } }),
  Readiness: exactly({
    ready: flag,
    checks: exactly({ identity: to('Check'), disk: to('Check'), ledger: to('Check'), peers: to('Check') }),
  }),
  Activity: exactly({ what: text, text, done: count, total: count }, ['done', 'total']),
  PeersOfSite: exactly({ hoster: text, site: text, up: count, silent: count, lost: count }),
  DrainState: exactly({
    draining: flag,
    fragmentsLeft: count,
    bytesLeft: count,
    etaSeconds: seconds,
    safeToStop: flag,
    waitsFor: { type: ['string', 'null'] },
  }),
  Status: exactly({
    daemon: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    hoster: text,
    site: text,
    mode: { enum: ['starting', 'serving', 'read-only', 'draining', 'drained'] },
    charter: exactly({ name: text, version: count, expires: time }),
    startedAt: time,
    holds: exactly({
      fragments: count,
      bytes: count,
      freeBytes: { ...count, description: 'What it would still take.' },
      capacityBytes: count,
      agencies: { type: 'array', items: exactly({ agency: text, name: text, bytes: count }) },
    }),
    ledger: exactly({ logs: count, entries: count, uncertified: count, silent: nullable('Said') }),
    doing: listOf('Activity'),
    wants: { ...listOf('Said'), description: 'What wants a human, the gravest first.' },
    peers: listOf('PeersOfSite'),
    drain: nullable('DrainState'),
    refusedMessages: count,
    logLevel: { enum: logLevels },
  }),
  Healing: exactly({
    paused: flag,
    segmentsToRepair: { ...count, description: 'Those this daemon is first in line for.' },
    byMargin: { ...counts, description: 'Those segments by how many more fragments they may lose.' },
    bytesToGo: count,
    rateByLink: { ...counts, description: 'Bytes a second of late, by site.' },
    etaSeconds: seconds,
    doneSegments: count,
    doneBytes: count,
    leaving: {
      anyOf: [
        exactly({ fragmentsLeft: count, bytesLeft: count, etaSeconds: seconds, safeToStop: flag }),
        { type: 'null' },
      ],
    },
    readOnly: { type: ['string', 'null'], description: 'Why it changes nothing.' },
  }),
  Readmission: exactly({ readOnly: flag, losses: count }),
  LogLevel: exactly({ level: { enum: logLevels } }),
  ...accountSchemas,
  ...networkSchemas,
} as const;

/** A name that is no schema does not compile. */
const json = (name: keyof typeof schemas, description: string) => ({
  description,
  content: { 'application/json': { schema: to(name) } },
});
const failed = json('Fault', 'It did not happen; the message says why, and what to do.');

interface Told {
  readonly summary: string;
  readonly needs: 'nothing' | 'read' | 'operate';
  readonly answers: object;
  readonly body?: object;
  readonly parameters?: readonly object[];
}

const operation = ({ summary, needs, answers, body, parameters }: Told) => ({
  summary: needs === 'nothing' ? summary : `${summary} Scope: ${needs}.`,
  security: needs === 'nothing' ? [] : [{ token: [] }],
  ...(parameters === undefined ? {} : { parameters }),
  ...(body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: body } } } }),
  responses: { ...answers, default: failed },
});

/** Of the live map, in the language that `lang` (en, fr) or the browser asks for. */
const page = (needs: Told['needs'], summary: string, type = 'text/html') =>
  operation({
    summary,
    needs,
    answers: { 200: { description: 'It.', content: { [type]: { schema: text } } } },
  });

const answered = (name: keyof typeof schemas, description: string) => ({ 200: json(name, description) });

export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Vauban daemon, admin plane',
    version: '0',
    license: { name: 'EUPL-1.2' },
    description:
      'Over the Unix socket of the daemon no token is needed. Over the loopback port a bearer token is; vauban daemon token makes one.',
  },
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas },
  paths: {
    '/healthz': {
      get: operation({
        summary: 'Whether the process answers.',
        needs: 'nothing',
        answers: answered('Alive', 'It does.'),
      }),
    },
    '/readyz': {
      get: operation({
        summary: 'Whether it can do its work: identity, disk, ledger, peers.',
        needs: 'nothing',
        answers: { ...answered('Readiness', 'It can.'), 503: json('Readiness', 'It cannot now.') },
      }),
    },
    '/metrics': {
      get: operation({
        summary: 'Metrics for Prometheus.',
        needs: 'read',
        answers: {
          200: {
            description: 'Text exposition, version 0.0.4.',
            content: { 'text/plain; version=0.0.4': { schema: text } },
          },
        },
      }),
    },
    '/v0/openapi.json': {
      get: operation({
        summary: 'This document.',
        needs: 'read',
        answers: {
          200: { description: 'OpenAPI.', content: { 'application/json': { schema: { type: 'object' } } } },
        },
      }),
    },
    '/v0/status': {
      get: operation({
        summary: 'What it holds, for whom, what it is doing, what it wants from a human.',
        needs: 'read',
        answers: answered('Status', 'As of now.'),
      }),
    },
    '/v0/healing': {
      get: operation({
        summary: 'Where repair stands.',
        needs: 'read',
        answers: answered('Healing', 'As far as this daemon knows.'),
      }),
    },
    '/v0/network': {
      get: operation({
        summary: 'The whole network as this daemon knows it: is any data at risk, and what is being done?',
        needs: 'read',
        answers: answered('NetworkView', 'As of now.'),
      }),
    },
    '/': { get: page('nothing', 'The page of the live map, without any data.') },
    '/map': { get: page('nothing', 'The same.') },
    '/map.css': { get: page('nothing', 'How it looks.', 'text/css') },
    '/map.js': { get: page('nothing', 'Its script.', 'text/javascript') },
    '/map/content': { get: page('read', 'What /v0/network says, as HTML for that page.') },
    '/v0/drain': {
      get: operation({
        summary: 'How far it is with leaving.',
        needs: 'read',
        answers: answered('DrainState', 'As of now.'),
      }),
      post: operation({
        summary: 'Hands all fragments over, to leave for good; or stops doing so. Safe to repeat.',
        needs: 'operate',
        body: exactly({ cancel: { ...flag, default: false } }, ['cancel']),
        answers: answered('DrainState', 'Begun, or called off.'),
      }),
    },
    '/v0/readmit': {
      post: operation({
        summary: 'Ends read-only mode, once a human has made sure that the disk is the right one.',
        needs: 'operate',
        body: exactly({}),
        answers: answered('Readmission', 'It counts again.'),
      }),
    },
    '/v0/log-level': {
      get: operation({
        summary: 'How much is logged.',
        needs: 'read',
        answers: answered('LogLevel', 'As of now.'),
      }),
      put: operation({
        summary: 'Logs more or less, until the daemon ends.',
        needs: 'operate',
        body: to('LogLevel'),
        answers: answered('LogLevel', 'As of now.'),
      }),
    },
    '/v0/account': {
      get: operation({
        summary: 'Bytes per agency by ledger, index and disk, with what makes them differ, signed.',
        needs: 'read',
        parameters: [
          {
            name: 'month',
            in: 'query',
            description: 'Such as 2026-03; without it the present one, drawn up anew.',
            schema: { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$' },
          },
        ],
        answers: answered('SignedAccount', 'The account.'),
      }),
    },
  },
} as const;
