// HTTP around the admin plane: a Unix socket that only the hoster's own account can open, and on request a port of the
// loopback address, which every account of the machine reaches and which therefore asks for tokens.

import { constants } from 'node:fs';
import { chmod, lstat, open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import { Fault } from '@vauban/core';
import { ADMIN_BODY_BYTES_MAX, type AdminAnswer, type AdminRequest, faultAnswer } from '../admin/handler.ts';

/** A person, a script and a few watchers at once. */
const CONNECTIONS_MAX = 64;
const HEADER_BYTES_MAX = 8_192;
/** To send a request of a few hundred bytes. The answer may take longer: an account reads the index twice. */
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
/** Linux takes 107 bytes; a longer path is opened through its directory. */
const SOCKET_PATH_BYTES_MAX = 100;

export interface AdminServerOptions {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** `127.0.0.1:9464`, checked to be loopback; null for none. */
  readonly listen: string | null;
  /** Where to listen instead, on the same port: what comes there was sent to `listen`, and is asked for by that name. */
  readonly behind?: string;
  readonly handle: (request: AdminRequest) => Promise<AdminAnswer>;
}

export interface AdminServer {
  /** The address of the loopback port; null without one. */
  readonly address: string | null;
  stop(): Promise<void>;
}

/** Faults: ADMIN_SOCKET_TAKEN (something that is no socket stands there), LISTEN_FAILED. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { socket, listen, behind, handle } = options;
  const servers: Server[] = [];
  const stop = async () => {
    // What stands there is ours only once we listen on it.
    if (servers.length > 0) await rm(socket, { force: true });
    await Promise.all(servers.map(ended));
  };
  try {
    const own = serverOf((request) => handle({ ...request, caller: 'owner' }));
    await listenOnSocket(own, socket);
    servers.push(own);
    if (listen === null) return { address: null, stop };
    const port = serverOf((request) => handle(request), listen);
    const named = hostAndPort(listen);
    const { host, number } = { ...named, host: behind ?? named.host };
    const where = behind === undefined ? listen : `${behind}:${number}`;
    await listening(port, () => port.listen({ host, port: number, exclusive: true }), where);
    servers.push(port);
    return { address: listen, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The path as the system takes it: a long one through its open directory. The caller closes. */
export async function shortPath(
  path: string,
): Promise<{ readonly path: string; readonly close: () => Promise<void> }> {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return { path, close: async () => undefined };
  const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${directory.fd}/${basename(path)}`, close: () => directory.close() };
}

async function listenOnSocket(server: Server, socket: string): Promise<void> {
  await removeOld(socket);
  const short = await shortPath(socket);
  try {
    // Never open to others, not even between being made and being restricted.
    const before = process.umask(0o177);
    try {
      await listening(server, () => server.listen(short.path), socket);
    } finally {
      process.umask(before);
    }
    await chmod(socket, 0o600);
  } finally {
    await short.close();
  }
}

/** What a daemon that was killed left behind. Its database is locked, so no other one is at work here. */
async function removeOld(socket: string): Promise<void> {
  const found = await lstat(socket).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    const message = `${socket} is no socket: move it away, or set another path as socket in section [admin]`;
    throw new Fault('refused', 'ADMIN_SOCKET_TAKEN', message, { socket });
  }
  await rm(socket);
}

function listening(server: Server, listen: () => void, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const why = error.code ?? error.message;
      reject(
        new Fault('failure', 'LISTEN_FAILED', `cannot listen on ${where} for the admin plane: ${why}`, {
          where,
          why,
        }),
      );
    };
    server.once('error', failed);
    server.once('listening', () => {
      server.off('error', failed);
      resolve();
    });
    listen();
  });
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

type Handle = (request: AdminRequest) => Promise<AdminAnswer>;

/** `listen`: for a port, whose Host header has to name it, or a page of anywhere could be made to ask here. */
function serverOf(handle: Handle, listen?: string): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (message, response) => {
      void answerTo(message, { handle, listen }).then(
        (answer) => send(response, message, answer),
        () => message.destroy(),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', (_, socket) => socket.destroy());
  // It never keeps the process alive by itself.
  server.unref();
  return server;
}

async function answerTo(
  message: IncomingMessage,
  of: { readonly handle: Handle; readonly listen: string | undefined },
): Promise<AdminAnswer> {
  if (of.listen !== undefined && !namesUs(message.headers.host, of.listen)) {
    return faultAnswer(
      new Fault(
        'refused',
        'HOST_OTHER',
        `ask for ${of.listen} by that name: another Host header is refused`,
        {},
      ),
    );
  }
  const body = await readBody(message);
  if (body === undefined) {
    const text = `a body has at most ${ADMIN_BODY_BYTES_MAX} bytes`;
    return faultAnswer(new Fault('refused', 'TOO_LARGE', text, { bytesMax: ADMIN_BODY_BYTES_MAX }));
  }
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://localhost');
  return of.handle({
    method: message.method ?? 'GET',
    path: pathname,
    query: Object.fromEntries(searchParams),
    caller: { token: bearer(message.headers.authorization) },
    body,
    languages: message.headers['accept-language'],
  });
}

/** Undefined when it is too long: what follows is not read. */
async function readBody(message: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ADMIN_BODY_BYTES_MAX) return undefined;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function bearer(header: string | undefined): string | null {
  return /^Bearer ([A-Za-z0-9._~+/-]{1,500}=*)$/i.exec(header ?? '')?.[1] ?? null;
}

function namesUs(host: string | undefined, listen: string): boolean {
  const { number } = hostAndPort(listen);
  return [`127.0.0.1:${number}`, `localhost:${number}`, `[::1]:${number}`, listen].includes(host ?? '');
}

function hostAndPort(listen: string): { readonly host: string; readonly number: number } {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), number: Number(listen.slice(at + 1)) };
}

function send(response: ServerResponse, message: IncomingMessage, answer: AdminAnswer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Whoever sent too much is not listened to any further.
    ...(message.complete ? {} : { connection: 'close' }),
    ...answer.headers,
  });
  response.end(message.method === 'HEAD' ? undefined : body);
}
