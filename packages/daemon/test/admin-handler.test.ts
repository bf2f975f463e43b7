// Who may ask the admin plane what, and that its document tells the truth about what it answers.

import { Fault, utf8 } from '@vauban/core';
import { describe, expect, it, test } from 'vitest';
import type { AdminPorts } from '../src/admin/admin-ports.ts';
import { ADMIN_BODY_BYTES_MAX, adminHandler, type AdminRequest, routes } from '../src/admin/handler.ts';
import { openApi } from '../src/admin/openapi.ts';
import { departures, fakePorts } from './admin-setup.ts';

const nothing = new Uint8Array(0);

function ask(changed: Partial<AdminRequest> & { readonly path: string }, ports: AdminPorts = fakePorts()) {
  return adminHandler(ports)({ method: 'GET', query: {}, caller: 'owner', body: nothing, ...changed });
}

type Told = {
  readonly [method: string]: {
    readonly responses: { readonly [status: string]: { readonly content: object } };
    readonly security: readonly object[];
    readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
  };
};
const paths = openApi.paths as unknown as { readonly [path: string]: Told };
const schemaOf = (response: unknown) =>
  (response as { content: { [type: string]: { schema: { [key: string]: unknown } } } }).content[
    'application/json'
  ]?.schema;

describe('the OpenAPI document', () => {
  it('lists every route, and no other', () => {
    const told = Object.entries(paths).flatMap(([path, of]) =>
      Object.keys(of).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'says how %s answers, fails and is guarded',
    async (_, { method, path, scope }) => {
      const told = paths[path]?.[method.toLowerCase()];
      expect(told?.security).toEqual(scope === 'anyone' ? [] : [{ token: [] }]);
      const body = method === 'PUT' ? utf8('{"level":"warn"}') : nothing;
      const answer = await ask({ method, path, body });
      expect(answer.status).toBe(200);
      if (answer.type.startsWith('application/json')) {
        const schema = schemaOf(told?.responses['200']);
        expect(departures(schema ?? {}, JSON.parse(answer.body))).toEqual([]);
      }
      const broken = new Proxy(fakePorts(), {
        get: () => () => {
          throw new Fault('failure', 'DISK_FAILED', 'no', { step: 'test' });
        },
      });
      const failure = await ask({ method, path, body }, broken);
      if (['/healthz', '/v0/openapi.json', '/', '/map', '/map.css'].includes(path)) return;
      expect(failure.status).toBe(500);
      expect(departures(schemaOf(told?.responses['default']) ?? {}, JSON.parse(failure.body))).toEqual([]);
    },
  );

  it('would notice a field too many, one too few, and one of another type', async () => {
    const status = { ...(await fakePorts().status()) } as { [name: string]: unknown };
    const schema = openApi.components.schemas.Status;
    expect(departures(schema, { ...status, more: 1 })).toEqual(['$: more is not known']);
    expect(departures(schema, { ...status, startedAt: '1' })).toEqual(['$.startedAt: is no integer']);
    delete status['wants'];
    expect(departures(schema, status)).toEqual(['$: wants is missing']);
  });
});

describe('a caller on the port', () => {
  const guarded = routes.filter(({ scope }) => scope !== 'anyone');

  test.each(guarded.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'needs the right token for %s',
    async (_, { method, path, scope }) => {
      const ports = fakePorts();
      const body = method === 'PUT' ? utf8('{"level":"warn"}') : nothing;
      const as = (token: string | null) => ask({ method, path, body, caller: { token } }, ports);
      const none = await as(null);
      expect([none.status, none.headers?.['www-authenticate']]).toEqual([401, 'Bearer realm="vauban"']);
      const reader = await as('read');
      expect(reader.status).toBe(scope === 'read' ? 200 : 403);
      if (scope === 'operate') expect(ports.asked).toEqual([]);
      expect((await as('operate')).status).toBe(200);
    },
  );

  it('asks for life and readiness without one', async () => {
    for (const path of ['/healthz', '/readyz']) {
      expect((await ask({ path, caller: { token: null } })).status).toBe(200);
    }
  });

  it('is not told why a token is no good beyond what it can know', async () => {
    const scopeOf = async () => {
      throw new Fault('refused', 'TOKEN_FORGED', 'not signed', {});
    };
    const answer = await ask({ path: '/metrics', caller: { token: 'x' } }, fakePorts({ scopeOf }));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      401,
      { kind: 'refused', code: 'TOKEN_FORGED', message: 'not signed', facts: {} },
    ]);
  });
});

describe('a request', () => {
  test.each([
    ['GET', '/v0/nothing', nothing, 404, 'NO_SUCH_PATH'],
    ['POST', '/v0/status', nothing, 405, 'METHOD_OTHER'],
    ['DELETE', '/v0/drain', nothing, 405, 'METHOD_OTHER'],
    ['POST', '/v0/drain', utf8('[]'), 400, 'USAGE'],
    ['POST', '/v0/drain', utf8('{'), 400, 'USAGE'],
    ['POST', '/v0/drain', Uint8Array.of(0xff), 400, 'USAGE'],
    ['POST', '/v0/drain', utf8('{"cancel":1}'), 400, 'USAGE'],
    ['POST', '/v0/drain', utf8('{"cancle":true}'), 400, 'USAGE'],
    ['POST', '/v0/readmit', utf8('{"x":1}'), 400, 'USAGE'],
    ['PUT', '/v0/log-level', nothing, 400, 'USAGE'],
    ['PUT', '/v0/log-level', utf8('{"level":"loud"}'), 400, 'USAGE'],
    ['PUT', '/v0/log-level', new Uint8Array(ADMIN_BODY_BYTES_MAX + 1), 413, 'TOO_LARGE'],
  ] as const)('%s %s that cannot be meant is refused', async (method, path, body, status, code) => {
    const ports = fakePorts();
    const answer = await ask({ method, path, body }, ports);
    expect([answer.status, JSON.parse(answer.body).code, ports.asked]).toEqual([status, code, []]);
  });

  it('says which methods a path takes', async () => {
    expect((await ask({ method: 'DELETE', path: '/v0/drain' })).headers).toEqual({ allow: 'GET, POST' });
  });

  it('changes what it says it changes', async () => {
    const ports = fakePorts();
    await ask({ method: 'POST', path: '/v0/drain' }, ports);
    await ask({ method: 'POST', path: '/v0/drain', body: utf8('{"cancel":true}') }, ports);
    await ask({ method: 'POST', path: '/v0/readmit', body: utf8('{}') }, ports);
    const level = await ask({ method: 'PUT', path: '/v0/log-level', body: utf8('{"level":"debug"}') }, ports);
    expect(ports.asked).toEqual(['drain false', 'drain true', 'readmit']);
    expect([level.body, ports.logLevel()]).toEqual(['{"level":"debug"}\n', 'debug']);
  });

  it('for a month gets that month', async () => {
    const answer = await ask({ path: '/v0/account', query: { month: '2026-03' } });
    expect(JSON.parse(answer.body).account.month).toBe('2026-03');
  });

  it('that the daemon stumbles over is logged, and answered without the details', async () => {
    const seen: string[] = [];
    const status = async () => {
      throw new TypeError('a secret detail');
    };
    const handle = adminHandler(fakePorts({ status }), ({ message }) => void seen.push(message));
    const answer = await handle({
      method: 'GET',
      path: '/v0/status',
      query: {},
      caller: 'owner',
      body: nothing,
    });
    expect([answer.status, seen]).toEqual([500, ['a secret detail']]);
    expect(answer.body).not.toContain('secret');
  });

  it('for readiness is answered 503 while something is missing', async () => {
    const ready = async () => {
      const well = { ok: true, message: 'well' };
      const checks = { identity: well, disk: { ok: false, message: 'full' }, ledger: well, peers: well };
      return { ready: false, checks };
    };
    const answer = await ask({ path: '/readyz' }, fakePorts({ ready }));
    expect([answer.status, JSON.parse(answer.body).checks.disk.message]).toEqual([503, 'full']);
  });
});
