// Asking a daemon's admin socket, as its own engineer would.

import { request } from 'node:http';
import { join } from 'node:path';
import type { DaemonPlace } from '@vauban/fleet';

/** The body of an answer; rejects on any status but 200. */
export function adminGet(place: Pick<DaemonPlace, 'directory'>, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(place.directory, 'admin.sock'), path }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => (body += text));
      answer.on('end', () =>
        answer.statusCode === 200
          ? resolve(body)
          : reject(new Error(`${path}: ${answer.statusCode} ${body}`)),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A metric without labels of its own, summed over its lines. */
export async function metricOf(place: Pick<DaemonPlace, 'directory'>, name: string): Promise<number> {
  const lines = (await adminGet(place, '/metrics')).split('\n');
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
