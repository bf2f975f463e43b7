// Small requests, one handler each, with the roles that may send them. What an agency's device may see of the ledger
// is its own agency's logs and the daemons'; daemons, officers and operators see all of it.

import { Fault, findDaemon, homeOf } from '@vauban/core';
import { genesisOf, type Mirror, type SignedCharter } from '@vauban/ledger';
import { type AnswerOf, type Ask, faultToWire, type Request, type RequestOf } from '@vauban/wire';
import type { CharterKeeper } from './charter-keeper.ts';
import type { FragmentsService } from './fragments-service.ts';
import type { Session, Sessions } from './sessions.ts';
import { readDelegation } from '@vauban/ledger';

type Role = Session['role'];

/** Roles that may ask; `hello` comes before there is a role. */
const mayAsk: Readonly<Record<Exclude<Ask, 'hello'>, readonly Role[]>> = {
  charter: ['daemon', 'device', 'officer', 'operator'],
  'charter-offer': ['daemon', 'device', 'officer', 'operator'],
  append: ['daemon', 'device', 'operator'],
  heads: ['daemon', 'device', 'officer', 'operator'],
  batches: ['daemon', 'device', 'officer', 'operator'],
  certify: ['daemon', 'device', 'officer', 'operator'],
  note: ['daemon', 'device'],
  notes: ['daemon', 'device'],
  receipt: ['device'],
  leaf: ['daemon', 'device', 'operator'],
  'next-key': ['daemon', 'officer', 'operator'],
  status: ['daemon', 'device', 'officer', 'operator'],
  ping: ['daemon'],
  holders: ['daemon', 'device', 'operator'],
  healing: ['daemon', 'officer', 'operator'],
  'repair-pause': ['operator'],
};

export interface RequestsOptions {
  readonly daemon: string;
  readonly sessions: Sessions;
  readonly keeper: CharterKeeper;
  readonly mirror: Mirror;
  readonly fragments: FragmentsService;
  /** This daemon's voting key of an epoch, if it has one. */
  readonly votingKeyOf: (epoch: number) => Promise<Uint8Array | undefined>;
  readonly nextKey: () => Promise<AnswerOf<'next-key'>>;
  readonly status: () => Promise<AnswerOf<'status'>>;
  readonly ping: () => Promise<AnswerOf<'ping'>>;
  readonly holders: (segments: readonly Uint8Array[], asker?: string) => Promise<AnswerOf<'holders'>>;
  readonly healing: () => Promise<AnswerOf<'healing'>>;
  readonly pauseRepair: (paused: boolean) => Promise<AnswerOf<'repair-pause'>>;
}

type Handlers = {
  readonly [Name in Exclude<Ask, 'hello'>]: (
    session: Session,
    request: RequestOf<Name>,
  ) => Promise<AnswerOf<Name>>;
};

/** Answers one decoded request of a peer. Rejects with the fault to send back. */
export function requestHandler(
  options: RequestsOptions,
): (from: string, request: Request) => Promise<AnswerOf<Ask>> {
  const { sessions, keeper, mirror, fragments } = options;
  const handlers: Handlers = {
    charter: async (_, { from }) => ({
      versions: keeper.chain.signedFrom(from),
    }),
    'charter-offer': async (_, { signed }) => {
      const offered: SignedCharter = signed;
      if (offered.certificate !== null) {
        await keeper.adopt([offered]);
        return { cosignature: null };
      }
      return { cosignature: await keeper.cosignDraft(offered, mirror.seat, options.votingKeyOf) };
    },
    append: async (_, { append, certificate }) => {
      const reply = await mirror.append(append, certificate);
      return reply.result === 'refused' ? { ...reply, fault: faultToWire(reply.fault) } : reply;
    },
    heads: async (session, { nonce, scope }) => {
      await checkScope(mirror, session, scope);
      const asker = session.role === 'daemon' ? session.hoster : null;
      const { signed, next } = await mirror.headsPage(nonce, scope, asker);
      return next === null ? { signed } : { signed, next };
    },
    batches: async (session, { origin, from }) => {
      await checkOriginVisible(mirror, session, origin);
      const batches = await mirror.batches(origin, from);
      return { batches: batches.map((batch) => ({ ...batch, records: [...batch.records] })) };
    },
    certify: async (_, { origin, certificate }) => {
      await mirror.certify(origin, certificate);
      return { stored: true };
    },
    note: async (_, { note }) => {
      // It would seal a log before this voter holds what the others hold of it.
      if (mirror.silent?.code === 'VOTER_UNREADY') throw mirror.silent;
      await mirror.putNote(note);
      return { stored: true };
    },
    notes: async (session, { after }) => {
      const agency = session.role === 'device' ? session.delegation.agency : null;
      const { notes, more } = await mirror.notes(after, agency);
      return { notes: [...notes], more };
    },
    receipt: (session, { segment, index }) => fragments.receipt(session, segment, index),
    leaf: (session, asked) => fragments.leaf(session, asked),
    'next-key': () => options.nextKey(),
    status: () => options.status(),
    ping: () => options.ping(),
    holders: (session, { segments }) =>
      options.holders(segments, session.role === 'daemon' ? session.daemon : undefined),
    healing: () => options.healing(),
    'repair-pause': (_, { paused }) => options.pauseRepair(paused),
  };
  return async (from, request) => {
    if (request.ask === 'hello') {
      await sessions.introduce(from, request);
      const charter = keeper.chain.current;
      const self = findDaemon(charter, options.daemon);
      const hoster = self === undefined ? '' : homeOf(charter, self).hoster.id;
      return { version: charter.version, daemon: options.daemon, hoster };
    }
    const session = sessions.of(from);
    if (!mayAsk[request.ask].includes(session.role)) {
      throw new Fault('refused', 'NOT_ALLOWED', `a ${session.role} may not ask for ${request.ask}`, {
        role: session.role,
        ask: request.ask,
      });
    }
    const handle = handlers[request.ask] as (session: Session, request: Request) => Promise<AnswerOf<Ask>>;
    return handle(session, request);
  };
}

async function checkScope(
  mirror: Mirror,
  session: Session,
  scope: RequestOf<'heads'>['scope'],
): Promise<void> {
  if (session.role !== 'device') return;
  if (scope.of === 'all') {
    throw new Fault('refused', 'NOT_ALLOWED', 'a device asks for its own vault or for logs by name', {});
  }
  const origins = scope.of === 'vault' ? await mirror.logs.originsOfVault(scope.vault) : scope.origins;
  for (const origin of origins) await checkOriginVisible(mirror, session, origin);
}

async function checkOriginVisible(mirror: Mirror, session: Session, origin: string): Promise<void> {
  if (session.role !== 'device') return;
  const record = await mirror.logs.record(origin, 0);
  if (record === undefined) return;
  const genesis = genesisOf(record);
  if (genesis.writer === 'device' && readDelegation(genesis.note).agency !== session.delegation.agency) {
    throw new Fault('refused', 'NOT_YOURS', 'the log belongs to another agency', { origin });
  }
}
