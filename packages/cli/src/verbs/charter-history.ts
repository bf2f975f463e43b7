// vauban charter history: every version, what it changed, who signed and who cosigned it.

import type { Command } from 'commander';
import { CHARTER_OPTION } from '../charter-verb.ts';
import type { Context } from '../context.ts';
import { indented, time } from '../output.ts';

interface Options {
  readonly network: string;
}

export function registerCharterHistory(parent: Command, context: Context): void {
  const command = parent
    .command('history')
    .description('every version of the charter, and what it changed')
    .requiredOption(...CHARTER_OPTION);
  context.declare<Options>(command, {
    example: 'vauban charter history --network ./grand-est',
    notes: 'Each version is checked against the one before it: signatures, succession, certificate.',
    run: async (_, { network }) => {
      const { CharterDesk, charterHistory } = await import('@vauban/fleet');
      const { chain } = await CharterDesk.open(network, { offline: true });
      const versions = charterHistory(chain);
      const words = versions.map((one) =>
        [
          `Version ${one.version}, issued ${time(one.issued)}, epoch ${one.epoch}`,
          ...one.changes.map((line) => indented(line)),
          indented(`signed by ${one.signedBy.join(', ')}`),
          one.cosignedBy.length === 0
            ? indented('in force by its officers, as the first version')
            : indented(`in force since ${time(one.inForceAt)}, cosigned by ${one.cosignedBy.join(', ')}`),
        ].join('\n'),
      );
      const document = versions.map((one) => ({
        ...one,
        issued: time(one.issued),
        inForceAt: time(one.inForceAt),
      }));
      context.print({ root: chain.root, versions: document }, `Root: ${chain.root}\n\n${words.join('\n\n')}`);
    },
  });
}
