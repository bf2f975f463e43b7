// One device key in two programs, each with a history of its own, and what may help it: two hosters that sign anything, a
// hoster whose disk is put back, one that loses its disk and enters the voting set anew while the epoch changes.

import { openEpoch } from '../officers-desk.ts';
import type { World } from '../world.ts';
import { crookedDevice, type Pen } from './pen.ts';

const VOTES_AGAIN_MS_MAX = 8_000;
/** Until a connection that its machine knows nothing of any more is noticed. */
const AGAIN_MS = 700;
const READY_MS_MAX = 5_000;
const EPOCH_MS_MAX = 6_000;

/** What came of an append: nobody is helped by an exception here. */
async function written(world: World, name: string, pen: Pen, entries = 1): Promise<boolean> {
  const outcome = await pen.scribble(entries).then(
    () => 'certified',
    (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
  );
  world.trace.note('fork', `${name}: ${outcome}`);
  return outcome === 'certified';
}

function sides(world: World): { readonly liars: string[]; readonly honest: string[] } {
  const up = world.hosters.filter(({ state }) => state === 'voting');
  const names = (honest: boolean) => up.filter((one) => one.honest === honest).map(({ name }) => name);
  return { liars: names(false), honest: names(true) };
}

/** Each history is shown to other honest hosters, and both to those who lie; then everything to everybody. */
export async function forkInTwo(world: World): Promise<void> {
  const { vault, open } = await crookedDevice(world, 'fork');
  const [first, second, third] = [await open(), await open(), await open()];
  const { liars, honest } = sides(world);
  const half = Math.ceil((honest.length + 1) / 2);
  first.reach([...liars, ...honest.slice(0, half)]);
  second.reach([...liars, ...honest.slice(half)]);
  await Promise.all([written(world, 'first', first), written(world, 'second', second, 3)]);
  first.reach(undefined);
  await first.read(vault).catch((error: unknown) => world.trace.note('fork', `reader: ${String(error)}`));
  await written(world, 'third, to all', third);
  second.reach(undefined);
  await written(world, 'second, to all', second);
}

/** The second history is for a hoster that forgot the first, because its disk is what it was before. */
export async function forkForgotten(world: World, name: string): Promise<void> {
  const { vault, open } = await crookedDevice(world, 'fork');
  const [first, second] = [await open(), await open()];
  const hoster = world.hosters.find((one) => one.name === name);
  if (hoster === undefined || hoster.state !== 'voting') return;
  const image = hoster.disk.image();
  if (!(await written(world, 'first', first))) return;
  // Nobody but its writer has the certificate yet.
  await first.read(vault);
  hoster.restore(image);
  hoster.start();
  await world.until(() => hoster.state === 'voting' || hoster.state === 'silent', VOTES_AGAIN_MS_MAX);
  second.reach([name]);
  for (let tries = 0; tries < 3; tries++) {
    await written(world, 'second', second);
    await world.sleep(AGAIN_MS);
  }
}

/** One who signed the first history loses its disk and votes anew in the next epoch, with those who never saw it. */
export async function forkOverEpoch(world: World, name: string): Promise<void> {
  const { open } = await crookedDevice(world, 'fork');
  const [first, second] = [await open(), await open()];
  const single = await (await crookedDevice(world, 'patched')).open();
  const { liars, honest } = sides(world);
  const others = honest.filter((one) => one !== name);
  const hoster = world.hosters.find((one) => one.name === name);
  if (hoster === undefined || hoster.state !== 'voting') return;
  first.reach([...liars, name, ...others.slice(0, 3)]);
  single.reach([name, ...others.slice(0, 3)]);
  await Promise.all([written(world, 'first', first), written(world, 'single', single)]);
  hoster.wipe();
  const opened = await openEpoch(world, EPOCH_MS_MAX, name);
  world.trace.note('fork', opened ? 'an epoch was opened' : 'no epoch was opened');
  hoster.start();
  if (!opened) return;
  world.counters.add('state epoch change');
  // Not before it knows of the new epoch; what it has read by then is its own business.
  await world.until(() => hoster.party !== undefined && hoster.epoch > 1, VOTES_AGAIN_MS_MAX);
  second.reach([...liars, name, ...others.slice(3)]);
  single.reach(others.slice(3));
  await Promise.all([written(world, 'second', second), written(world, 'single', single)]);
  await world.until(() => hoster.state === 'voting', READY_MS_MAX);
  for (let tries = 0; tries < 3; tries++) {
    await written(world, 'second', second);
    await world.sleep(AGAIN_MS);
  }
  single.reach(undefined);
  for (const certificate of [single.patchedCertificate(), single.patchedCertificate(3)]) {
    for (const voter of single.voters) await voter.certify(single.origin, certificate).catch(() => undefined);
  }
}
