// vauban charter abandon: an officer promises never to sign a draft. Enough such promises kill it, and its signers may
// sign another one for the same number.

import type { Command } from 'commander';
import { CHARTER_OPTION } from '../charter-verb.ts';
import type { Context } from '../context.ts';

interface Options {
  readonly network: string;
  readonly key: string;
}

export function registerCharterAbandon(parent: Command, context: Context): void {
  const command = parent
    .command('abandon')
    .description('promise never to sign a draft, so that another may take its number')
    .argument('<draft>', 'the draft')
    .requiredOption(...CHARTER_OPTION)
    .requiredOption('--key <file>', 'your officer key, which has not signed it');
  context.declare<Options>(command, {
    example: 'vauban charter abandon v2.draft --network charter.cbor --key officer.key',
    notes: 'Prints one line. Those who signed the draft give such lines to charter sign --abandoned.',
    run: async ([path = ''], { network, key }) => {
      const { CharterDesk, abandonDraft } = await import('@vauban/fleet');
      const desk = await CharterDesk.open(network, { offline: true });
      const { line, officer, version, needed } = await abandonDraft(desk, { path, key });
      context.print({ officer, version, abandonment: line, needed }, line);
      if (context.json) return;
      context.say(
        `${officer} never signs this draft of version ${version}. It is dead once ${needed} officers who did not sign it have abandoned it.`,
      );
    },
  });
}
