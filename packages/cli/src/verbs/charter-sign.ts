// vauban charter sign: one officer's signature under a draft, after showing what it changes. One key signs one draft of
// each number.

import { decodeCharter, officersThreshold } from '@vauban/core';
import type { Command } from 'commander';
import { several } from '../arguments.ts';
import { CHARTER_OPTION, changesInWords, lineOf } from '../charter-verb.ts';
import type { Context } from '../context.ts';

interface Options {
  readonly network: string;
  readonly key: string;
  readonly abandoned?: readonly string[];
}

export function registerCharterSign(parent: Command, context: Context): void {
  const command = parent
    .command('sign')
    .description('sign a draft of the charter with an officer’s key')
    .argument('<draft>', 'the draft')
    .requiredOption(...CHARTER_OPTION)
    .requiredOption('--key <file>', 'your officer key')
    .option('--abandoned <line>', 'an officer’s line that abandons a rival draft; may be repeated', several);
  context.declare<Options>(command, {
    example: 'vauban charter sign v2.draft --network charter.cbor --key officer.key',
    notes:
      'Shows what the draft changes, adds the signature to the draft, and prints it as one line, for officers ' +
      'who sit elsewhere and send back only that. What the key signed is written beside it: keep both together.',
    run: async ([path = ''], options) => {
      const { CharterDesk, charterChanges, deadDrafts, signDraft } = await import('@vauban/fleet');
      const abandons = await Promise.all((options.abandoned ?? []).map(lineOf));
      // The file alone: signing asks nobody.
      const desk = await CharterDesk.open(options.network, { offline: true });
      const dead = deadDrafts(desk.chain, abandons);
      const { draft, line, officer } = await signDraft(desk, { path, key: options.key, dead });
      const charter = decodeCharter(draft.body);
      const changes = charterChanges(desk.chain.current, charter);
      const needed = officersThreshold(desk.chain.current);
      const have = draft.signatures.length;
      context.print(
        { officer, version: charter.version, changes, signature: line, signatures: have, needed },
        line,
      );
      if (context.json) return;
      context.say(changesInWords(charter, changes));
      context.say(`Signed by ${officer}; the draft carries ${have} of the ${needed} signatures it needs.`);
    },
  });
}
