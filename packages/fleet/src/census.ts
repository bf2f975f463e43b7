// How safe everything is: every certified place in a set of logs, with the margin that live daemons leave it.

import { type Charter, type Crypto, type DaemonId, toHex } from '@vauban/core';
import { holdersOf, type LogStore, openStored, type Place } from '@vauban/ledger';
import { margin } from '@vauban/placement';

export interface Census {
  /** Segments with a certified place that is not voided. */
  readonly segments: number;
  /** Sites that may still be lost, for the worst segment; −1 when one cannot be read now; null when there is none. */
  readonly worstMargin: number | null;
  /** Fewer than k fragments on daemons that answer. */
  readonly unreadable: number;
  /** Fewer than k fragments on daemons that are not burnt: no waiting brings these back. */
  readonly lost: number;
}

interface Segment {
  readonly place: Place;
  readonly holders: Map<string, { readonly index: number; readonly daemon: DaemonId }>;
}

/** What a daemon says of one fragment. */
interface Holding {
  readonly segment: Uint8Array;
  readonly index: number;
  readonly daemon: DaemonId;
  readonly held: boolean;
}

/** Reads certified entries only. Cost: one pass over all of them. */
export async function takeCensus(of: {
  readonly logs: LogStore;
  readonly charter: Charter;
  readonly crypto: Crypto;
  readonly answers: ReadonlySet<DaemonId>;
  readonly burnt: ReadonlySet<DaemonId>;
}): Promise<Census> {
  const { charter } = of;
  const segments = await placedIn(of.logs, of.crypto);
  let worstMargin: number | null = null;
  let unreadable = 0;
  let lost = 0;
  // Segments of one batch sit on the same daemons in the same order: their margin is computed once.
  const margins = new Map<string, { readonly sites: number; readonly standing: number }>();
  for (const { place, holders } of segments.values()) {
    const list = [...holders.values()];
    const shape = `${place.k}:${list.map(({ index, daemon }) => `${index}=${daemon}`).join()}`;
    let found = margins.get(shape);
    if (found === undefined) {
      const asked = { k: place.k, holders: list };
      found = {
        sites: margin(charter, { ...asked, live: (id) => of.answers.has(id) }).sites,
        standing: margin(charter, { ...asked, live: (id) => !of.burnt.has(id) }).fragments,
      };
      margins.set(shape, found);
    }
    worstMargin = Math.min(worstMargin ?? found.sites, found.sites);
    if (found.sites < 0) unreadable += 1;
    if (found.standing < 0) lost += 1;
  }
  return { segments: segments.size, worstMargin, unreadable, lost };
}

async function placedIn(logs: LogStore, crypto: Crypto): Promise<Map<string, Segment>> {
  const segments = new Map<string, Segment>();
  // A daemon's own log is in order: the last it says of a fragment counts.
  const said = new Map<string, Holding>();
  for (const origin of logs.origins()) {
    const { certifiedSize } = logs.state(origin);
    const places = new Map<number, Place>();
    let writer: DaemonId = '';
    for (const [index, record] of (await logs.records(origin, 0, certifiedSize)).entries()) {
      const { payload } = openStored(crypto, record);
      if (payload === null) continue;
      if (payload.kind === 'genesis' && payload.writer === 'daemon') writer = toHex(payload.daemon);
      if (payload.kind === 'place') places.set(index, payload);
      if (payload.kind === 'void') places.delete(payload.index);
      if (payload.kind === 'custody') {
        const key = `${toHex(payload.segment)}/${payload.index}/${writer}`;
        said.set(key, { segment: payload.segment, index: payload.index, daemon: writer, held: true });
      }
      if (payload.kind === 'lost') {
        for (const [segment, shard] of payload.fragments) {
          const key = `${toHex(segment)}/${shard}/${writer}`;
          said.set(key, { segment, index: shard, daemon: writer, held: false });
        }
      }
    }
    for (const place of places.values()) {
      const id = toHex(place.segment);
      const segment = segments.get(id) ?? { place, holders: new Map() };
      for (const holder of holdersOf(place)) segment.holders.set(`${holder.index}/${holder.daemon}`, holder);
      segments.set(id, segment);
    }
  }
  for (const { segment, index, daemon, held } of said.values()) {
    const holders = segments.get(toHex(segment))?.holders;
    if (held) holders?.set(`${index}/${daemon}`, { index, daemon });
    else holders?.delete(`${index}/${daemon}`);
  }
  return segments;
}
