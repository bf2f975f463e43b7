// vauban drill verify: is this report the one that the ledger knows?

import { readFile, stat } from 'node:fs/promises';
import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { atOperatorDesk, entryInWords, operatorOptions, type OperatorVerbOptions } from '../operator-verb.ts';
import { time, wrap } from '../output.ts';
import { whyUnreadable } from '../unreadable.ts';

export function registerDrillVerify(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('verify'))
    .description('check a report: its seal, its operator, and its hash in the ledger')
    .argument('<html>', 'the report');
  context.declare<OperatorVerbOptions>(command, {
    example: 'vauban drill verify ./reports/drill-burn-one-site-1f2e3d4c.html --network ./grand-est',
    run: async ([path = ''], options) => {
      const unreadable = (error: NodeJS.ErrnoException) => {
        const message = `the report ${path} cannot be read: ${whyUnreadable(error)}`;
        throw new Fault('usage', 'REPORT_UNREADABLE', message, { path });
      };
      const { checkReportLength, verifyReport } = await import('@vauban/drill');
      checkReportLength((await stat(path).catch(unreadable)).size);
      const bytes = await readFile(path).catch(unreadable);
      const found = await atOperatorDesk(context, options, (desk) =>
        verifyReport(desk, new Uint8Array(bytes), context.signal),
      );
      const { operator, scenario, phase, entry, digest } = found;
      const text = [
        wrap(
          `Genuine: the drill ${scenario}, ${phase === 'ended' ? 'played to its end' : 'broken off'} on ${time(found.time)}, sealed by ${operator}, and certified in the ledger.`,
        ),
        entryInWords(entry),
        `SHA-256 ${digest}`,
      ].join('\n');
      context.print({ ok: true, ...found }, text);
    },
  });
}
