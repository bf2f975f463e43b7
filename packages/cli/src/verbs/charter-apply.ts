// vauban charter apply: a signed draft is brought to the hosters; when a quorum has cosigned it, it is in force.

import { decodeCharter } from '@vauban/core';
import type { Command } from 'commander';
import { several } from '../arguments.ts';
import { atDesk, CHARTER_OPTION, changesInWords, type DeskOptions, lineOf } from '../charter-verb.ts';
import type { Context } from '../context.ts';
import { count } from '../output.ts';

interface Options extends DeskOptions {
  readonly signature?: readonly string[];
}

export function registerCharterApply(parent: Command, context: Context): void {
  const command = parent
    .command('apply')
    .description('put a signed draft in force')
    .argument('<draft>', 'the draft')
    .requiredOption(...CHARTER_OPTION)
    .option('--key <file>', 'your officer key, to speak to the hosters')
    .option('--signature <line>', 'an officer’s signature, or a file with it; may be repeated', several);
  context.declare<Options>(command, {
    example: 'vauban charter apply v2.draft --network charter.cbor --key officer.key',
    notes:
      'In force when a quorum of the present voters has cosigned it. The charter file is then rewritten; send it to ' +
      'newcomers. Repeating the command after a failure is harmless.',
    run: async ([path = ''], options) => {
      const { applyDraft, charterChanges } = await import('@vauban/fleet');
      const lines = await Promise.all((options.signature ?? []).map(lineOf));
      await atDesk(context, options, async (desk) => {
        const before = desk.chain.current;
        const { draft, applied, file } = await applyDraft(desk, { path, lines });
        const charter = decodeCharter(draft.body);
        const changes = before.version < charter.version ? charterChanges(before, charter) : [];
        const { cosigned, told } = applied;
        context.print(
          { version: charter.version, epoch: charter.epoch, changes, cosigned, told, charter: file },
          `${changesInWords(charter, changes)}\n\nIn force: cosigned by ${cosigned.join(', ')}; ${count(told, 'daemon')} of ${charter.daemons.length} know it. Charter file: ${file}`,
        );
      });
    },
  });
}
