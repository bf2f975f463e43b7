// Where a daemon in a container listens for a port that its engine publishes on the machine's loopback address: on the
// address of the one network that leads out of the container, by which the engine comes in. In an internal network, where
// others are met, nothing listens. Linux only, as containers are.

import { access, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@vauban/core';

/** Docker and Podman each leave one of these. */
const MARKS = ['.dockerenv', 'run/.containerenv'];
/** Of the kernel's route flags (RTF_UP, RTF_GATEWAY). */
const UP_AND_GATEWAY = 0x3;

/** An IPv4 address; `root` is the file system's. Faults: NOT_IN_CONTAINER (refused), NO_WAY_IN (failure). */
export async function publishedAddress(root = '/'): Promise<string> {
  const marks = await Promise.all(MARKS.map((mark) => access(join(root, mark)).then(yes, no)));
  if (!marks.includes(true)) {
    const message =
      'published = true in section [admin] is for a daemon in a container, and this is none: leave it out';
    throw new Fault('refused', 'NOT_IN_CONTAINER', message, {});
  }
  const name = wayOut(await readFile(join(root, 'proc/net/route'), 'utf8').catch(() => ''));
  const addresses = networkInterfaces()[name ?? ''] ?? [];
  const found = addresses.find(({ family }) => family === 'IPv4');
  if (found !== undefined) return found.address;
  const message =
    'this container has no network that leads out of it, so that no port of it can be published: give it one';
  throw new Fault('failure', 'NO_WAY_IN', message, {});
}

/** The interface of the default route, by the text of /proc/net/route; undefined where there is none. */
function wayOut(routes: string): string | undefined {
  for (const line of routes.split('\n').slice(1)) {
    const [name, destination, , flags, , , , mask] = line.trim().split(/\s+/);
    const way = Number.parseInt(flags ?? '', 16) & UP_AND_GATEWAY;
    if (destination === '00000000' && mask === '00000000' && way === UP_AND_GATEWAY) return name;
  }
  return undefined;
}

const yes = () => true;
const no = () => false;
