// A voting hoster seen through the wire: the shape the ledger's protocols ask for, answered by a peer.

import type { AnswerOf, RequestOf } from './messages.ts';
import { faultFromWire } from './messages.ts';
import type { AskOptions, PeerClient } from './peer-client.ts';

type WireAppend = RequestOf<'append'>['append'];
type WireScope = RequestOf<'heads'>['scope'];
type WireReply = AnswerOf<'append'>;

export function remoteVoter(hoster: string, client: PeerClient, options: AskOptions = {}) {
  return {
    hoster,
    async append(append: WireAppendLike, certificate: string | null) {
      const body = { append: { ...append, records: append.records.map(plainRecord) }, certificate };
      return replyOf(await client.ask('append', body, options));
    },
    async heads(nonce: Uint8Array, scope: WireScope): Promise<Uint8Array> {
      return (await client.ask('heads', { nonce, scope }, options)).signed;
    },
    async batches(origin: string, from: number): Promise<readonly WireAppend[]> {
      return (await client.ask('batches', { origin, from }, options)).batches;
    },
    async certify(origin: string, certificate: string): Promise<void> {
      await client.ask('certify', { origin, certificate }, options);
    },
    async putNote(note: Uint8Array): Promise<void> {
      await client.ask('note', { note }, options);
    },
    async notes(after: Uint8Array | null): Promise<AnswerOf<'notes'>> {
      return client.ask('notes', { after }, options);
    },
  };
}

type WireAppendLike = Omit<WireAppend, 'records'> & {
  readonly records: readonly WireAppend['records'][number][];
};

/** Strict schemas refuse fields that are not theirs: send just these. */
function plainRecord(record: WireAppend['records'][number]): WireAppend['records'][number] {
  const { entry } = record;
  return 'erased' in record
    ? { entry, erased: record.erased }
    : { entry, salt: record.salt, payload: record.payload };
}

function replyOf(reply: WireReply) {
  return reply.result === 'refused' ? { ...reply, fault: faultFromWire(reply.fault) } : reply;
}
