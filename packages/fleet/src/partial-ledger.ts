// The ledger when too few hosters are left for a quorum: every certified head that anyone still shows. What a
// certificate covers is proven whoever brings it; only that nothing newer exists cannot be known.

import {
  openCertificate,
  openHeads,
  pull,
  type ReaderOptions,
  resolveWriter,
  type Voter,
} from '@vauban/ledger';

/** Fills `reader.logs` as far as it can; a hoster that fails, or whose bytes do not hold, adds nothing. */
export async function readWithoutQuorum(reader: ReaderOptions): Promise<void> {
  for (const voter of reader.voters()) await readFrom(reader, voter).catch(() => undefined);
}

async function readFrom(reader: ReaderOptions, voter: Voter): Promise<void> {
  const { crypto, logs } = reader;
  const charter = reader.charters.current;
  const nonce = reader.random.bytes(32);
  const scope = { of: 'all' } as const;
  const signed = await voter.heads(nonce, scope);
  const { heads } = openHeads(crypto, charter, { hoster: voter.hoster, nonce, scope }, signed);
  for (const { origin, size, certificate } of heads) {
    if (certificate === null) continue;
    await pull(reader, voter, origin, size).catch(() => undefined);
    const writer = await logs.writer(origin, (...first) => resolveWriter(reader, ...first));
    if (writer === undefined) continue;
    const { head } = openCertificate(crypto, reader.charters, certificate, writer.key);
    if (head.origin === origin && (await logs.holds(origin, head))) {
      await logs.certify(origin, { size: head.size, certificate });
    }
  }
}
