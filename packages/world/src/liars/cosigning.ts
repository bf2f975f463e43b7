// Signing what it should not: a liar has its own voting key, and nobody else's.

import { type Append, cosign, cosignerName, formatSignature, readHead } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import type { LiarSetting, MachinePorts } from '../liar.ts';

/** The same with the key of the epoch it is. */
export async function cosignedNow(
  ports: MachinePorts,
  setting: LiarSetting,
  append: Pick<Append, 'checkpoint'>,
): Promise<AnswerOf<'append'> | undefined> {
  const { epoch } = setting.charter();
  const key = await ports.votingKeys.of(epoch).catch(() => undefined);
  const voting = key === undefined ? ports.keys.voting : { epoch, seed: key.seed };
  return cosigned({ ...ports, keys: { ...ports.keys, voting } }, setting, append);
}

/** A cosignature under this liar's own key on whatever head an append ends with; undefined without a key. */
export function cosigned(
  { keys }: MachinePorts,
  { crypto, identity, charter, clock }: LiarSetting,
  append: Pick<Append, 'checkpoint'>,
): AnswerOf<'append'> | undefined {
  if (keys.voting === null) return undefined;
  const { seed, epoch } = keys.voting;
  const name = cosignerName(charter().name, identity.name, epoch);
  const cosigner = { name, seed, publicKey: crypto.ed25519Public(seed) };
  const seconds = Math.floor(clock.now() / 1_000);
  const line = cosign(crypto, readHead(append.checkpoint), cosigner, seconds);
  return { result: 'cosigned', cosignature: formatSignature(line).trimEnd() };
}
