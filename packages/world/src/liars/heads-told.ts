// Changing what a liar shows of its mirror: its signed answer to `heads`, opened, altered and signed again with its own
// voting key.

import { type HeadsBody, openHeads, signHeads } from '@vauban/ledger';
import type { Question } from './mouth.ts';
import type { LiarSetting, MachinePorts } from '../liar.ts';

/** The altered answer; undefined when there is none to alter, or when `alter` leaves it as it is. */
export async function headsTold(
  { keys }: MachinePorts,
  { crypto, identity, charter }: LiarSetting,
  question: Question<'heads'>,
  alter: (body: HeadsBody) => HeadsBody | undefined,
): Promise<Uint8Array | undefined> {
  const truth = await question.truth();
  if (truth === undefined || keys.voting === null) return undefined;
  const { nonce, scope } = question.asked;
  const asked = { hoster: identity.name, nonce, scope };
  const body = alter(openHeads(crypto, charter(), asked, truth.signed));
  return body === undefined ? undefined : question.say({ signed: signHeads(crypto, body, keys.voting.seed) });
}
