// A voting hoster seen through the wire: the shape the ledger's protocols ask for, answered by a peer.

import { encodeCbor } from '@vauban/core';
import { type AnswerOf, encodeRequest, faultFromWire, type RequestOf } from './messages.ts';
import type { AskOptions, PeerClient } from './peer-client.ts';

type WireAppend = RequestOf<'append'>['append'];
type WireScope = RequestOf<'heads'>['scope'];
type WireReply = AnswerOf<'append'>;

/** A hoster with more logs than that is making them up. */
const HEADS_PAGES_MAX = 1_000;

export function remoteVoter(hoster: string, client: PeerClient, options: AskOptions = {}) {
  return {
    hoster,
    async append(append: WireAppendLike, certificate: string | null) {
      return replyOf(await client.askEncoded('append', encodedAppend(append, certificate), options));
    },
    async heads(nonce: Uint8Array, scope: WireScope): Promise<Uint8Array> {
      const pages: Uint8Array[] = [];
      for (let from = scope; ; ) {
        const { signed, next } = await client.ask('heads', { nonce, scope: from }, options);
        pages.push(signed);
        // As the ledger binds pages; whoever opens them finds out whether one is missing.
        if (next === undefined) return pages.length === 1 ? signed : encodeCbor({ pages });
        from = { of: 'all', after: next };
        if (pages.length >= HEADS_PAGES_MAX) return signed;
      }
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

/** An append without a certificate goes to every voter: its bytes are made once. */
const encodedAppends = new WeakMap<WireAppendLike, Uint8Array>();

function encodedAppend(append: WireAppendLike, certificate: string | null): Uint8Array {
  const known = certificate === null ? encodedAppends.get(append) : undefined;
  if (known !== undefined) return known;
  const plain = { ...append, records: append.records.map(plainRecord) };
  const bytes = encodeRequest({ ask: 'append', append: plain, certificate });
  if (certificate === null) encodedAppends.set(append, bytes);
  return bytes;
}

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
