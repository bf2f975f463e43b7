// Answers one request of the admin plane, whatever it came through: who may ask, what is asked, and how a fault is told.
// Pure; HTTP itself is the adapter's. Every route here stands in the OpenAPI document, and a test says so.

import { asFault, Fault, type FaultKind, fromUtf8 } from '@vauban/core';
import { type LogLevel, logLevels } from '../log.ts';
import type { AdminPorts, TokenScope } from './admin-ports.ts';
import { exposition } from './exposition.ts';
import { metricFamilies } from './metrics.ts';
import { mapContent } from './network/map-content.ts';
import { languageOf, mapPage, pageHeaders } from './network/map-page.ts';
import { mapStyle } from './network/map-style.ts';
import { openApi } from './openapi.ts';

/** Nothing that is sent here is longer than a word or two. */
export const ADMIN_BODY_BYTES_MAX = 4_096;

export interface AdminRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: { readonly [name: string]: string };
  /** `owner`: through the socket that only the hoster's account can open. */
  readonly caller: 'owner' | { readonly token: string | null };
  readonly body: Uint8Array;
  /** Accept-Language, as it came. */
  readonly languages?: string | undefined;
}

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly scope: TokenScope | 'anyone';
  readonly answer: (ports: AdminPorts, request: AdminRequest) => Promise<AdminAnswer>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const document = (body: object, status = 200): AdminAnswer => ({
  status,
  type: JSON_TYPE,
  body: `${JSON.stringify(body)}\n`,
});

const page = async (_: AdminPorts, { query, languages }: AdminRequest): Promise<AdminAnswer> => ({
  status: 200,
  type: HTML_TYPE,
  body: mapPage(languageOf(query['lang'], languages)),
  headers: { ...pageHeaders, vary: 'accept-language' },
});

export const routes: readonly Route[] = [
  { method: 'GET', path: '/', scope: 'anyone', answer: page },
  { method: 'GET', path: '/map', scope: 'anyone', answer: page },
  {
    method: 'GET',
    path: '/map.css',
    scope: 'anyone',
    answer: async () => ({
      status: 200,
      type: 'text/css; charset=utf-8',
      body: mapStyle,
      headers: pageHeaders,
    }),
  },
  {
    method: 'GET',
    path: '/map.js',
    scope: 'anyone',
    answer: async (ports) => ({
      status: 200,
      type: 'text/javascript; charset=utf-8',
      body: ports.mapScript(),
      headers: pageHeaders,
    }),
  },
  {
    method: 'GET',
    path: '/map/content',
    scope: 'read',
    answer: async (ports, { query, languages }) => ({
      status: 200,
      type: HTML_TYPE,
      body: mapContent(await ports.network(), languageOf(query['lang'], languages)),
      headers: pageHeaders,
    }),
  },
  { method: 'GET', path: '/healthz', scope: 'anyone', answer: async () => document({ alive: true }) },
  {
    method: 'GET',
    path: '/readyz',
    scope: 'anyone',
    answer: async (ports) => {
      const readiness = await ports.ready();
      return document(readiness, readiness.ready ? 200 : 503);
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    answer: async (ports) => ({
      status: 200,
      type: METRICS_TYPE,
      body: exposition(metricFamilies(await ports.metrics())),
    }),
  },
  { method: 'GET', path: '/v0/openapi.json', scope: 'read', answer: async () => document(openApi) },
  {
    method: 'GET',
    path: '/v0/status',
    scope: 'read',
    answer: async (ports) => document(await ports.status()),
  },
  {
    method: 'GET',
    path: '/v0/healing',
    scope: 'read',
    answer: async (ports) => document(await ports.healing()),
  },
  {
    method: 'GET',
    path: '/v0/network',
    scope: 'read',
    answer: async (ports) => document(await ports.network()),
  },
  {
    method: 'GET',
    path: '/v0/drain',
    scope: 'read',
    answer: async (ports) => document(await ports.drainState()),
  },
  {
    method: 'POST',
    path: '/v0/drain',
    scope: 'operate',
    answer: async (ports, request) => {
      const { cancel = false } = read(request, ['cancel']);
      if (typeof cancel !== 'boolean') throw wrong('cancel should be true or false');
      return document(await ports.drain(cancel));
    },
  },
  {
    method: 'POST',
    path: '/v0/readmit',
    scope: 'operate',
    answer: async (ports, request) => {
      read(request, []);
      return document(await ports.readmit());
    },
  },
  {
    method: 'GET',
    path: '/v0/log-level',
    scope: 'read',
    answer: async (ports) => document({ level: ports.logLevel() }),
  },
  {
    method: 'PUT',
    path: '/v0/log-level',
    scope: 'operate',
    answer: async (ports, request) => {
      ports.setLogLevel(levelOf(read(request, ['level'])['level']));
      return document({ level: ports.logLevel() });
    },
  },
  {
    method: 'GET',
    path: '/v0/account',
    scope: 'read',
    answer: async (ports, { query }) => document(await ports.account(query['month'])),
  },
];

const statuses: { readonly [kind in FaultKind]: number } = {
  usage: 400,
  refused: 409,
  'missing-fragments': 503,
  unreachable: 503,
  interrupted: 503,
  failure: 500,
  integrity: 500,
};
/** Faults whose own status says more than their kind. */
const statusOfCode: { readonly [code: string]: number } = {
  NO_SUCH_PATH: 404,
  ACCOUNT_NONE: 404,
  METHOD_OTHER: 405,
  TOO_LARGE: 413,
  TOKEN_MISSING: 401,
  TOKEN_MALFORMED: 401,
  TOKEN_OTHER: 401,
  TOKEN_FORGED: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_SCOPE: 403,
  HOST_OTHER: 421,
  DAEMON_STARTING: 503,
  NOT_YET: 501,
};

/** Never rejects: what goes wrong is an answer. `unexpected` gets what no fault explains. */
export function adminHandler(
  ports: AdminPorts,
  unexpected: (error: Fault) => void = () => undefined,
): (request: AdminRequest) => Promise<AdminAnswer> {
  return async (request) => {
    try {
      const route = routeOf(request);
      await checkCaller(ports, route, request.caller);
      return await route.answer(ports, request);
    } catch (error) {
      if (error instanceof Fault) return faultAnswer(error);
      const fault = asFault(error);
      unexpected(fault);
      return faultAnswer(
        new Fault('failure', 'DAEMON_FAILED', 'the daemon could not do that; its log says why', {
          code: fault.code,
        }),
      );
    }
  };
}

/** A fault as the plane tells it: {kind, code, message, facts}. */
export function faultAnswer({ kind, code, message, facts }: Fault): AdminAnswer {
  const status = statusOfCode[code] ?? statuses[kind];
  const allow = facts['allow'];
  return {
    ...document({ kind, code, message, facts }, status),
    ...(status === 401 ? { headers: { 'www-authenticate': 'Bearer realm="vauban"' } } : {}),
    ...(status === 405 && typeof allow === 'string' ? { headers: { allow } } : {}),
  };
}

function routeOf({ method, path }: AdminRequest): Route {
  const there = routes.filter((one) => one.path === path);
  // Whoever may ask for a page may ask for its head: the adapter sends no body.
  const found = there.find((one) => one.method === (method === 'HEAD' ? 'GET' : method));
  if (found !== undefined) return found;
  if (there.length === 0) {
    throw new Fault('usage', 'NO_SUCH_PATH', 'there is nothing at this path; /v0/openapi.json lists all', {});
  }
  const allow = there.map((one) => one.method).join(', ');
  throw new Fault('usage', 'METHOD_OTHER', `this path takes ${allow}`, { allow });
}

async function checkCaller(
  ports: AdminPorts,
  { scope }: Route,
  caller: AdminRequest['caller'],
): Promise<void> {
  if (scope === 'anyone' || caller === 'owner') return;
  if (caller.token === null) {
    throw new Fault(
      'refused',
      'TOKEN_MISSING',
      'this needs a token: vauban daemon token makes one, to be sent as «Authorization: Bearer …»',
      {},
    );
  }
  const granted = await ports.scopeOf(caller.token);
  if (granted === 'operate' || granted === scope) return;
  throw new Fault('refused', 'TOKEN_SCOPE', `this needs a token with --scope ${scope}`, { scope, granted });
}

/** The body: empty, or one JSON object with no other keys than these. Faults: USAGE, TOO_LARGE. */
function read({ body }: AdminRequest, keys: readonly string[]): { readonly [key: string]: unknown } {
  if (body.length > ADMIN_BODY_BYTES_MAX) {
    throw new Fault('refused', 'TOO_LARGE', `a body has at most ${ADMIN_BODY_BYTES_MAX} bytes`, {});
  }
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(body));
  } catch {
    throw wrong('the body should be a JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong('the body should be a JSON object');
  }
  const other = Object.keys(value).find((key) => !keys.includes(key));
  if (other !== undefined) {
    throw wrong(`the body has a key that is not known here; known are: ${keys.join(', ') || 'none'}`);
  }
  return value as { readonly [key: string]: unknown };
}

function levelOf(value: unknown): LogLevel {
  const found = logLevels.find((one) => one === value);
  if (found === undefined) throw wrong(`level should be one of ${logLevels.join(', ')}`);
  return found;
}

function wrong(message: string): Fault {
  return new Fault('usage', 'USAGE', message, {});
}
