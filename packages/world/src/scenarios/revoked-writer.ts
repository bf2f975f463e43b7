// Row 4: a device that is revoked in the middle of an append, and one whose key is in two programs.

import type { PulledLog } from '../checker.ts';
import { bytesOf, field, numberOf, textOf } from '../checkers/cbor.ts';
import { leafOf } from '../checkers/tree.ts';
import { decodeRequest, PeerClient, remoteVoter } from '@vauban/wire';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Indices that certified `adopt` entries of other logs take over from that one. */
function takenOver(stage: Stage, logs: readonly PulledLog[], from: string): Set<string> {
  const taken = new Set<string>();
  for (const { origin, entries } of logs) {
    for (const entry of entries.slice(0, stage.certified(origin))) {
      const payload = stage.evidence.payload(leafOf(stage.world.crypto, entry));
      if (textOf(field(payload, 'kind')) !== 'adopt' || textOf(field(payload, 'origin')) !== from) continue;
      taken.add(
        `${numberOf(field(payload, 'index'))} ${(bytesOf(field(payload, 'branch')) ?? []).join(',')}`,
      );
    }
  }
  return taken;
}

const sealed = new WeakMap<Stage, { readonly origin: string; readonly taken: number }>();

function judge(stage: Stage, logs: readonly PulledLog[]): void {
  const { origin, taken } = sealed.get(stage) as { origin: string; taken: number };
  const found = takenOver(stage, logs, origin).size;
  stage.is(`${found} entries were taken over, ${taken} at least`, found >= taken);
  stage.is('a note says what counts for good', stage.heard('ask note', 'vauban/sealed/0'));
}

/** Reports of a seal by a quorum, and nobody's vote on that log since. */
function nothingSince(stage: Stage, origin: string, votes: number): void {
  const reports = new Set(
    stage.evidence.seals.filter((one) => one.origin === origin).map(({ hoster }) => hoster),
  );
  stage.is('a quorum has reported its seal', reports.size >= stage.quorum);
  stage.is('and nobody signs the log any more', votesOn(stage, origin) === votes);
}

function votesOn(stage: Stage, origin: string): number {
  return stage.evidence.votes.filter((one) => one.origin === origin).length;
}

/** What the hosters answer when one of them brings the others what a revoked device had signed: codes of refusals. */
async function broughtByAnother(stage: Stage, body: Uint8Array | undefined): Promise<string[]> {
  const { world } = stage;
  const charter = world.charters.current;
  const request = body === undefined ? undefined : decodeRequest(body);
  if (request?.ask !== 'append') throw new Error('nothing was appended');
  const [name] = stage.some(1) as [string];
  const { transportSeed } = stage.hoster(name).identity;
  const program = world.program('accomplice', 0);
  const network = world.party(program, { name: 'accomplice', seed: transportSeed, listens: false });
  await network.start();
  const options = {
    network,
    crypto: world.crypto,
    charterName: charter.name,
    charterVersion: () => charter.version,
  };
  const others = charter.daemons.filter(({ site }) => site !== name);
  const told = await Promise.all(
    others.map(async (daemon) => {
      const voter = remoteVoter(
        daemon.site,
        new PeerClient(daemon, { ...options, identity: { role: 'daemon' } }),
      );
      const reply = await voter.append(request.append, null);
      return reply.result === 'refused' ? reply.fault.code : reply.result;
    }),
  );
  await network.stop();
  program.end();
  return told;
}

/** How long a revocation is on its way. */
const NOTE_LATE_MS = 3_000;

export const revokedWriter: Scenario = {
  name: 'revoked-writer',
  says: 'A device is revoked while fewer than a quorum hold its append: its log is sealed, nothing acknowledged is lost, and what it signs afterwards counts no more.',
  async play(stage) {
    const { world } = stage;
    const [lost, kept] = [stage.person('town-1'), stage.person('town-2')];
    await stage.put(lost, 'before');
    await stage.put(kept, 'beside');
    const origin = await stage.origin(lost);
    const certified = stage.certified(origin);
    // The word is on its way when the append gets through, so nobody has finished that before.
    let asked = false;
    const late = world.weather.meddle(({ from, what }) => {
      if (from !== 'town-2' || what !== 'ask note') return 0;
      asked = true;
      return NOTE_LATE_MS;
    });
    const revoking = kept.does({ do: 'revoke', by: 'town-2', at: 0, device: 'town-1' }, 0);
    await stage.must('the revocation is on its way', () => asked);
    // As many as any quorum of reports must meet, or fewer.
    const reached = stage.some(world.seed % 2 === 0 ? 4 : 1 + (world.seed % 3));
    const putting = stage.put(lost, 'during');
    const head = await stage.cutShort(lost, reached);
    const sent = stage.messages.findLast(
      ({ from, what }) => from === 'town-1' && what === 'ask append',
    )?.body;
    const back = world.weather.isolate('town-1');
    await revoking;
    late();
    const sealedAtMs = world.nowMs;
    stage.is('no more have signed', stage.votersOf(head).length === reached.length);
    const votes = votesOn(stage, origin);
    await kept.list();
    stage.is(
      'nobody signs it, whoever brings it',
      (await broughtByAnother(stage, sent)).every((one) => one === 'LOG_SEALED'),
    );
    back();
    // Its person notices, and takes a new device.
    await putting;
    const refused = ['DEVICE_REVOKED', 'LOG_SEALED'].some((code) =>
      stage.messages.some(
        ({ to, atMs, body }) => to === 'town-1' && atMs >= sealedAtMs && Buffer.from(body).includes(code),
      ),
    );
    stage.is('it was told that it is revoked', refused);
    nothingSince(stage, origin, votes);
    stage.is('what was certified is', stage.certified(origin) === certified);
    sealed.set(stage, { origin, taken: reached.length === 4 ? head.size - certified : 0 });
  },
  judge,
};

/** How much later the first program's append arrives: the second one reads and signs meanwhile. */
const LATE_MS = 6_000;

export const forkedWriter: Scenario = {
  name: 'forked-writer',
  says: 'Two programs write with one device key: the fork is proven and passed on, the log is sealed, and what both wrote is read and taken over.',
  async play(stage) {
    const { world } = stage;
    const [one, kept] = [stage.person('town-1'), stage.person('town-2')];
    await stage.put(one, 'before');
    const two = stage.newPerson('copy', 'town-1');
    const origin = await stage.origin(one);
    await one.close();
    two.machine.restore(one.machine.disk.image());
    await one.list();
    await two.list();
    const certified = stage.certified(origin);
    const near = stage.some(stage.world.seed % 2 === 0 ? 4 : 5);
    const far = stage.hosters.map(({ name }) => name).filter((name) => !near.includes(name));
    const sinceMs = world.nowMs;
    const through = [stage.onlyTo('town-1', near, LATE_MS), stage.onlyTo('copy', far)];
    const putting = [stage.put(one, 'of the first')];
    await world.sleep(1_500);
    putting.push(stage.put(two, 'of the second'));
    const heads = () => ['town-1', 'copy'].map((who) => stage.appendsOf(who, sinceMs)[0]?.head);
    await stage.must('both have appended', () => heads().every((head) => head !== undefined));
    await stage.must(
      'everybody has signed one of them',
      () =>
        heads().reduce((sum, head) => sum + (head === undefined ? 0 : stage.votersOf(head).length), 0) === 9,
    );
    const [first, second] = heads();
    stage.is('their heads are two histories', first?.size === second?.size && first?.root !== second?.root);
    stage.is('of which none is certified', stage.certified(origin) === certified);
    const back = ['town-1', 'copy'].map((who) => world.weather.isolate(who));
    for (const undo of through) undo();
    // Hosters try to finish what they hold, and come upon the other history.
    await stage.must('the fork is proven', () => stage.heard('answer heads', 'vauban/fork/0'), 120_000);
    await kept.list();
    stage.is('readers are told', world.counters.get('notice FORKED') > 0);
    two.damaged();
    await kept.does({ do: 'revoke', by: 'town-2', at: 0, device: 'town-1' }, 0);
    const votes = votesOn(stage, origin);
    await kept.list();
    await kept.getAll();
    for (const undo of back) undo();
    await Promise.all(putting);
    nothingSince(stage, origin, votes);
    sealed.set(stage, { origin, taken: 2 * ((first?.size ?? 0) - certified) });
  },
  judge,
};
