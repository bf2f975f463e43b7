// The admin plane over real sockets: who can open them, what a hostile page or a careless client may not do.

import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type AdminServer, startAdminServer } from '../src/adapters/admin-server.ts';
import { askAdmin } from '../src/adapters/admin-client.ts';
import { ADMIN_BODY_BYTES_MAX, adminHandler } from '../src/admin/handler.ts';
import { fakePorts } from './admin-setup.ts';

let directory: string;
let server: AdminServer | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-admin-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(listen: string | null = null, socket = join(directory, 'admin.sock'), behind?: string) {
  const ports = fakePorts();
  const where = { socket, listen, ...(behind === undefined ? {} : { behind }) };
  server = await startAdminServer({ ...where, handle: adminHandler(ports) });
  return { socket, ports };
}

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly host?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

function ask(where: { readonly socketPath?: string; readonly port?: number }, of: Asked) {
  return new Promise<{ status: number | undefined; headers: object; body: string }>((resolve, reject) => {
    const { body, ...rest } = of;
    const asked = request({ host: '127.0.0.1', agent: false, ...where, ...rest }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** A daemon's configuration beside its socket, for the client. */
async function configured(socket = 'admin.sock'): Promise<string> {
  const path = join(directory, 'daemon.toml');
  const lines = ['[daemon]', 'hoster = "a"', 'site = "b"', 'capacity = "1GB"', '[network]'];
  const more = ['listen = ["/ip4/127.0.0.1/tcp/4001"]', '[admin]', `socket = "${socket}"`, ''];
  await writeFile(path, [...lines, ...more].join('\n'));
  return path;
}

describe('the socket', () => {
  it('is open to its account alone, and asks for no token', async () => {
    const { socket } = await start();
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    const answer = await ask({ socketPath: socket }, { path: '/v0/status' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    await server?.stop();
    await expect(stat(socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('replaces one that a killed daemon left, and nothing else', async () => {
    const socket = join(directory, 'admin.sock');
    const left = createServer().listen(socket);
    await once(left, 'listening');
    await start(null, socket);
    expect((await ask({ socketPath: socket }, { path: '/healthz' })).status).toBe(200);
    left.close();
    const other = join(directory, 'file');
    await writeFile(other, 'precious');
    await expect(
      startAdminServer({
        socket: other,
        listen: null,
        handle: async () => ({ status: 200, type: '', body: '' }),
      }),
    ).rejects.toMatchObject({ code: 'ADMIN_SOCKET_TAKEN' });
    expect((await stat(other)).size).toBe(8);
  });

  it('may lie deeper than the system takes paths', async () => {
    const deep = join(directory, 'd'.repeat(60), 'e'.repeat(60));
    await mkdir(deep, { recursive: true });
    const { socket } = await start(null, join(deep, 'admin.sock'));
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    const config = await configured(socket);
    expect(await askAdmin(config, { method: 'GET', path: '/healthz' })).toEqual({ alive: true });
  });

  it('serves on when a body is too long, broken off or no HTTP', async () => {
    const { socket } = await start();
    const long = { method: 'POST', path: '/v0/drain', body: 'x'.repeat(ADMIN_BODY_BYTES_MAX + 1) };
    expect((await ask({ socketPath: socket }, long)).status).toBe(413);
    for (const bytes of [
      'GET / HTTP/9\r\n\r\n',
      'POST /v0/drain HTTP/1.1\r\ncontent-length: 5\r\n\r\n{',
      '\0\0\0',
    ]) {
      const raw = connect(socket);
      raw.on('error', () => undefined);
      raw.end(bytes);
      raw.resume();
      await once(raw, 'close');
    }
    expect((await ask({ socketPath: socket }, { path: '/healthz' })).status).toBe(200);
    const head = await ask({ socketPath: socket }, { method: 'HEAD', path: '/healthz' });
    expect([head.status, head.body]).toEqual([200, '']);
  });
});

describe('the port', () => {
  it('asks for a token, and for its own name', async () => {
    const port = await freePort();
    await start(`127.0.0.1:${port}`);
    expect(server?.address).toBe(`127.0.0.1:${port}`);
    const to = (headers: { [name: string]: string }, path = '/v0/status') => ask({ port }, { path, headers });
    expect((await to({})).status).toBe(401);
    expect((await to({ authorization: 'Bearer read' })).status).toBe(200);
    expect((await to({ authorization: 'Basic cmVhZA==' })).status).toBe(401);
    expect((await to({}, '/healthz')).status).toBe(200);
    // A page whose name was made to point here speaks of itself in the Host header.
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1']) {
      const rebound = await to({ host, authorization: 'Bearer operate' });
      expect([host, rebound.status]).toEqual([host, 421]);
    }
    expect((await to({ host: `localhost:${port}`, authorization: 'Bearer read' })).status).toBe(200);
  });

  it('behind a published one listens elsewhere, and is asked for by the published name alone', async () => {
    const port = await freePort();
    await start(`127.0.0.1:${port}`, undefined, '127.0.0.2');
    expect(server?.address).toBe(`127.0.0.1:${port}`);
    const to = (host: string, name: string) =>
      ask({ port }, { path: '/v0/status', host, headers: { host: name, authorization: 'Bearer read' } });
    expect((await to('127.0.0.2', `127.0.0.1:${port}`)).status).toBe(200);
    expect((await to('127.0.0.2', `localhost:${port}`)).status).toBe(200);
    for (const name of [`127.0.0.2:${port}`, `metz:${port}`, `evil.example:${port}`])
      expect([name, (await to('127.0.0.2', name)).status]).toEqual([name, 421]);
    await expect(to('127.0.0.1', `127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that is taken leaves no socket behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(start(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    await expect(stat(join(directory, 'admin.sock'))).rejects.toMatchObject({ code: 'ENOENT' });
    taken.close();
  });
});

describe('the client', () => {
  it('passes the daemon’s faults on as they are', async () => {
    await start();
    const config = await configured();
    const ask404 = askAdmin(config, { method: 'GET', path: '/v0/nothing' });
    await expect(ask404).rejects.toMatchObject({ kind: 'usage', code: 'NO_SUCH_PATH' });
    const body = { level: 'debug' };
    expect(await askAdmin(config, { method: 'PUT', path: '/v0/log-level', body })).toEqual(body);
  });

  test.each(['none', 'stale', 'no directory'])(
    'says so when no daemon answers (%s socket)',
    async (which) => {
      const config = await configured(
        which === 'no directory' ? `${'x'.repeat(120)}/admin.sock` : 'admin.sock',
      );
      if (which === 'stale') {
        const socket = createServer().listen(join(directory, 'other'));
        await once(socket, 'listening');
        const { link } = await import('node:fs/promises');
        await link(join(directory, 'other'), join(directory, 'admin.sock'));
        socket.close();
        await once(socket, 'close');
      }
      await expect(askAdmin(config, { method: 'GET', path: '/healthz' })).rejects.toMatchObject({
        kind: 'unreachable',
        code: 'ADMIN_UNREACHABLE',
        message: expect.stringContaining('it does not run. Start it with: vauban daemon run --config'),
      });
    },
  );
});
