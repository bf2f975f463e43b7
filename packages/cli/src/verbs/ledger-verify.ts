// vauban ledger verify: the whole ledger recomputed from every hoster that answers.

import { originOf, type HeadsScope } from '@vauban/ledger';
import type { LedgerReport } from '@vauban/client';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly network?: string;
}

export function registerLedgerVerify(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('verify'))
    .description('recompute the ledger from every hoster’s copy, and compare them')
    .option('--network <dir>', 'check all logs, as the operator of a local network');
  context.declare<Options>(command, {
    example: 'vauban ledger verify --network ./grand-est',
    notes:
      'With a vault: its agency’s logs and the daemons’. With --network: all logs.\n' +
      'Checks chains, roots, signatures, cosignatures, receipts and admission of every entry.',
    run: async (_, options) => {
      const report =
        options.network === undefined
          ? await asAgency(context, options)
          : await asOperator(context, options.network);
      const integrity = report.problems.length > 0;
      if (integrity) context.status = 3;
      else if (!report.ok) context.status = 5;
      const lines = report.problems
        .slice(0, 20)
        .map(
          (one) =>
            `  ${one.hoster ?? 'all copies'}: ${one.message}${one.index === null ? '' : ` (entry ${one.index})`}`,
        );
      const silent = report.silent.length === 0 ? '' : `; no answer from ${report.silent.join(', ')}`;
      context.print(
        report,
        integrity
          ? `${count(report.problems.length, 'problem')} in the ledger${silent}:\n${lines.join('\n')}`
          : report.ok
            ? `${count(report.logs, 'log')}, ${count(report.entries, 'entry', 'entries')} (${report.certified} certified), the same at ${count(report.reached.length, 'hoster')}${silent}`
            : `no hoster answered${silent}`,
      );
    },
  });
}

async function asAgency(context: Context, options: VaultOptions): Promise<LedgerReport> {
  const { verifyLedger } = await import('@vauban/client');
  const { nodeClock: clock, nodeCrypto: crypto, nodeRandom: random } = await import('@vauban/core/node');
  return withVault(context, options, async (vault) => {
    const { membership } = vault;
    await membership.links.live({ patient: true, signal: context.signal });
    await membership.settled();
    const { chain, charter } = membership;
    const scopes: HeadsScope[] = [
      { of: 'vault', vault: vault.idBytes },
      { of: 'origins', origins: charter.daemons.map(({ logKey }) => originOf(crypto, charter.name, logKey)) },
    ];
    return verifyLedger({
      crypto,
      clock,
      random,
      charters: chain,
      voters: membership.voters(),
      scopes,
      ...watch(context),
    });
  });
}

async function asOperator(context: Context, network: string): Promise<LedgerReport> {
  const { verifyLedger } = await import('@vauban/client');
  const { NetworkSession } = await import('@vauban/fleet');
  const { nodeClock: clock, nodeCrypto: crypto, nodeRandom: random } = await import('@vauban/core/node');
  const session = await NetworkSession.open(network, { as: 'operator', signal: context.signal });
  try {
    await session.catchUp();
    const scopes: HeadsScope[] = [{ of: 'all' }];
    return await verifyLedger({
      crypto,
      clock,
      random,
      charters: session.chain,
      voters: session.voters(),
      scopes,
      ...watch(context),
    });
  } finally {
    await session.close();
  }
}

function watch(context: Context) {
  const progress = context.progress('ledger');
  return {
    signal: context.signal,
    onHoster: (done: number, total: number, hoster: string) => progress.update(done, total, hoster),
  };
}
