// vauban ledger verify: the whole ledger recomputed from every hoster that answers.

import { originOf, type HeadsScope } from '@vauban/ledger';
import { join } from 'node:path';
import type { LedgerReport, VerifyLedgerOptions } from '@vauban/client';
import { isFault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, indented, wrap } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

/** What was verified before, beside the vault or in the network's directory. */
const MEMORY_DIRECTORY = 'verified';
/** A whole ledger is written once, in order: with less, it is written several times over. */
const MEMORY_BUFFER_BYTES = 64 << 20;

interface Options extends VaultOptions {
  readonly network?: string;
  readonly allCopies?: boolean;
  readonly again?: boolean;
}

export function registerLedgerVerify(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('verify'))
    .description('recompute the ledger from every hoster’s copy, and compare them')
    .option('--network <dir>', 'check all logs, as the operator of a local network')
    .option(
      '--all-copies',
      'pull and recompute every hoster’s copy, not only the signed heads of those that agree',
    )
    .option('--again', 'check everything, also what an earlier run found in order');
  context.declare<Options>(command, {
    example: 'vauban ledger verify --network ./grand-est',
    notes:
      'With a vault: its agency’s logs and the daemons’. With --network: all logs.\n' +
      'Checks chains, roots, signatures, cosignatures, receipts and admission of every entry. What was found in order\n' +
      'is remembered: the next run looks only at what is new, and at whether the rest is still certified.',
    run: async (_, options) => {
      const report =
        options.network === undefined
          ? await asAgency(context, options)
          : await asOperator(context, options.network, options);
      const integrity = report.problems.length > 0;
      if (integrity) context.status = 3;
      else if (!report.ok) context.status = 5;
      const lines = report.problems
        .slice(0, 20)
        .map((one) =>
          indented(
            `${one.hoster ?? 'all copies'}: ${one.message}${one.index === null ? '' : ` (entry ${one.index})`}`,
          ),
        );
      const silent = report.silent.length === 0 ? '' : `; no answer from ${report.silent.join(', ')}`;
      context.print(
        report,
        integrity
          ? `${wrap(`${count(report.problems.length, 'problem')} in the ledger${silent}:`)}\n${lines.join('\n')}`
          : report.ok
            ? wrap(
                `${count(report.logs, 'log')}, ${count(report.entries, 'entry', 'entries')} (${report.certified} certified), the same at ${count(report.reached.length, 'hoster')}${silent}`,
              )
            : wrap(`no hoster answered${silent}`),
      );
    },
  });
}

async function asAgency(context: Context, options: VaultOptions): Promise<LedgerReport> {
  const { verifyLedger } = await import('@vauban/client');
  const { nodeClock: clock, nodeCrypto: crypto, nodeRandom: random } = await import('@vauban/core/node');
  return withVault(context, options, async (vault, directory) => {
    const { membership } = vault;
    await membership.links.live({ patient: true, signal: context.signal });
    await membership.settled();
    const { chain, charter } = membership;
    const scopes: HeadsScope[] = [
      { of: 'vault', vault: vault.idBytes },
      { of: 'origins', origins: charter.daemons.map(({ logKey }) => originOf(crypto, charter.name, logKey)) },
    ];
    return remembering(join(directory, MEMORY_DIRECTORY), options, (how) =>
      verifyLedger({
        ...how,
        crypto,
        clock,
        random,
        charters: chain,
        voters: membership.voters(),
        scopes,
        ...watch(context),
      }),
    );
  });
}

async function asOperator(context: Context, network: string, options: Options): Promise<LedgerReport> {
  const { verifyLedger } = await import('@vauban/client');
  const { NetworkSession } = await import('@vauban/fleet');
  const { nodeClock: clock, nodeCrypto: crypto, nodeRandom: random } = await import('@vauban/core/node');
  const session = await NetworkSession.open(network, { as: 'operator', signal: context.signal });
  try {
    await session.catchUp();
    const scopes: HeadsScope[] = [{ of: 'all' }];
    return await remembering(join(network, MEMORY_DIRECTORY), options, (how) =>
      verifyLedger({
        ...how,
        crypto,
        clock,
        random,
        charters: session.chain,
        voters: session.voters(),
        scopes,
        ...watch(context),
      }),
    );
  } finally {
    await session.close();
  }
}

/** With what earlier runs verified, unless it is all to be done again. A memory that cannot be read is begun anew. */
async function remembering(
  directory: string,
  options: Options,
  verify: (
    how: Partial<Pick<VerifyLedgerOptions, 'copies' | 'memory' | 'processors'>>,
  ) => Promise<LedgerReport>,
): Promise<LedgerReport> {
  const { ledgerWorkers } = await import('@vauban/client');
  const processors = ledgerWorkers();
  try {
    return await rememberingWith(directory, options, (how) => verify({ ...how, processors }));
  } finally {
    await processors.close();
  }
}

async function rememberingWith(
  directory: string,
  options: Options,
  verify: (how: Partial<Pick<VerifyLedgerOptions, 'copies' | 'memory'>>) => Promise<LedgerReport>,
): Promise<LedgerReport> {
  if (options.allCopies === true) return verify({ copies: 'all' });
  if (options.again === true) return verify({ copies: 'heads' });
  const { findLevelStore, nodeCrypto } = await import('@vauban/core/node');
  const { checkedStore } = await import('@vauban/core');
  const { store } = await findLevelStore(directory, { writeBufferBytes: MEMORY_BUFFER_BYTES });
  try {
    return await verify({ copies: 'heads', memory: checkedStore(store, nodeCrypto) });
  } catch (error) {
    if (!isFault(error, 'STORE_CORRUPT')) throw error;
    return await verify({ copies: 'heads' });
  } finally {
    await store.close();
  }
}

function watch(context: Context) {
  const progress = context.progress('ledger');
  return {
    signal: context.signal,
    onHoster: (done: number, total: number, hoster: string) => progress.update(done, total, hoster),
  };
}
