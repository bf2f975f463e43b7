// Asking a running daemon through its admin socket: what the verbs of the command do.

import { request } from 'node:http';
import { asFault, Fault, type Fact, type FaultKind } from '@vauban/core';
import { readConfig } from './home.ts';
import { shortPath } from './admin-server.ts';

/** An account of many agencies is the longest answer there is. */
const ANSWER_BYTES_MAX = 33_554_432;
const KINDS: readonly string[] = [
  'usage',
  'failure',
  'integrity',
  'missing-fragments',
  'unreachable',
  'refused',
  'interrupted',
] satisfies FaultKind[];

export interface AdminAsk {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/**
 * Asks the daemon of a configuration file; its JSON document. Faults: those of readConfig, ADMIN_UNREACHABLE, and
 * whatever the daemon answers with.
 */
export async function askAdmin(configPath: string, ask: AdminAsk): Promise<unknown> {
  const { adminSocket, adminPublished } = await readConfig(configPath);
  const at = { configPath, contained: adminPublished };
  const { status, body } = await exchange(adminSocket, at, ask);
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (error) {
    throw unreachable(at, 'what answers there is no daemon', error);
  }
  if (status < 300) return document;
  const { kind, code, message, facts } = document as { [name: string]: unknown };
  if (typeof kind !== 'string' || !KINDS.includes(kind) || typeof code !== 'string') {
    throw unreachable(at, `it answered with status ${status}`);
  }
  throw new Fault(kind as FaultKind, code, String(message), (facts ?? {}) as { [key: string]: Fact });
}

/** The metrics of the daemon of a configuration file, in Prometheus' text format. Faults: as askAdmin. */
export async function readMetrics(configPath: string): Promise<string> {
  const { adminSocket, adminPublished } = await readConfig(configPath);
  const at = { configPath, contained: adminPublished };
  const { status, body } = await exchange(adminSocket, at, { method: 'GET', path: '/metrics' });
  if (status !== 200) throw unreachable(at, `it answered with status ${status}`);
  return body;
}

/** The configuration that names the socket; whether its daemon is in a container. */
interface AskedAt {
  readonly configPath: string;
  readonly contained: boolean;
}

async function exchange(
  socket: string,
  at: AskedAt,
  { method, path, body, signal }: AdminAsk,
): Promise<{ readonly status: number; readonly body: string }> {
  const sent = body === undefined ? '' : JSON.stringify(body);
  const short = await shortPath(socket).catch((error: unknown) => {
    throw unreachable(at, wordsOf(asFault(error).code, socket), error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        if (signal?.aborted === true)
          reject(new Fault('interrupted', 'INTERRUPTED', 'interrupted', {}, error));
        else reject(unreachable(at, wordsOf(error.code ?? error.message, socket), error));
      };
      const headers = {
        host: 'localhost',
        ...(sent === ''
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
      };
      const asked = request(
        {
          socketPath: short.path,
          method,
          path,
          headers,
          agent: false,
          ...(signal === undefined ? {} : { signal }),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (more: string) => {
            text += more;
            if (text.length > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
          });
          response.on('error', failed);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        },
      );
      asked.on('error', failed);
      asked.end(sent);
    });
  } finally {
    await short.close();
  }
}

function wordsOf(code: string, socket: string): string {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'it does not run';
  if (code === 'EACCES') return `this account may not open ${socket}`;
  return code;
}

function unreachable({ configPath, contained }: AskedAt, why: string, cause?: unknown): Fault {
  const start = contained ? 'Start its container' : `Start it with: vauban daemon run --config ${configPath}`;
  return new Fault(
    'unreachable',
    'ADMIN_UNREACHABLE',
    `the daemon of ${configPath} cannot be asked: ${why}. ${start}`,
    { config: configPath, why },
    cause,
  );
}
