// Which of a container's addresses a published port comes in at. The file system is a made one, the interfaces are ours.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { publishedAddress } from '../src/adapters/published-address.ts';

const HEAD =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                 \n';
const route = (name: string, [destination, gateway, flags, mask]: readonly string[]) =>
  `${name}\t${destination}\t${gateway}\t${flags}\t0\t0\t0\t${mask}\t0\t0\t0                 \n`;
/** As the kernel writes them: least significant byte first. */
const out = ['00000000', '8100D50A', '0003', '00000000'];
const near = ['4000D50A', '00000000', '0001', 'C0FFFFFF'];
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vauban-container-'));
  await mkdir(join(root, 'proc/net'), { recursive: true });
  await mkdir(join(root, 'run'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function routes(...lines: readonly string[]) {
  await writeFile(join(root, 'proc/net/route'), [HEAD, ...lines].join(''));
}

it.each(['.dockerenv', 'run/.containerenv'])('is that of the way out (%s)', async (mark) => {
  await writeFile(join(root, mark), '');
  await routes(route('exchange', near), route('lo', out), route('other', near));
  expect(await publishedAddress(root)).toBe('127.0.0.1');
});

it('is none without a way out: what only leads to neighbours, or to a gateway for some, is no such way', async () => {
  await writeFile(join(root, '.dockerenv'), '');
  for (const lines of [
    [],
    [route('lo', near)],
    [route('lo', ['0000000A', '8100D50A', '0003', '000000FF'])],
    [route('lo', ['00000000', '00000000', '0001', '00000000'])],
    [route('no-such-interface', out)],
  ]) {
    await routes(...lines);
    await expect(publishedAddress(root)).rejects.toMatchObject({ code: 'NO_WAY_IN' });
  }
});

it('is refused where there is no container: the way out would be the machine’s own', async () => {
  await routes(route('lo', out));
  await expect(publishedAddress(root)).rejects.toMatchObject({ kind: 'refused', code: 'NOT_IN_CONTAINER' });
});
