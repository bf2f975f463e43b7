// The command tree: which verbs there are, and what becomes of a fault. Verbs register themselves; their heavy parts
// load when they run.

import { asFault, Fault } from '@vauban/core';
import { Command, CommanderError } from 'commander';
import { Context, type Surroundings } from './context.ts';
import { exitCodeOf } from './exit-code.ts';
import { registerCharterAbandon } from './verbs/charter-abandon.ts';
import { registerCharterApply } from './verbs/charter-apply.ts';
import { registerCharterHistory } from './verbs/charter-history.ts';
import { registerCharterPropose } from './verbs/charter-propose.ts';
import { registerCharterSign } from './verbs/charter-sign.ts';
import { registerCharterShow } from './verbs/charter-show.ts';
import { registerDaemonAccount } from './verbs/daemon-account.ts';
import { registerDaemonConfigCheck } from './verbs/daemon-config-check.ts';
import { registerDaemonDrain } from './verbs/daemon-drain.ts';
import { registerDaemonInit } from './verbs/daemon-init.ts';
import { registerDaemonLogLevel } from './verbs/daemon-log-level.ts';
import { registerDaemonReadmit } from './verbs/daemon-readmit.ts';
import { registerDaemonRun } from './verbs/daemon-run.ts';
import { registerDaemonStatus } from './verbs/daemon-status.ts';
import { registerDaemonToken } from './verbs/daemon-token.ts';
import { registerDaemonVotingKey } from './verbs/daemon-voting-key.ts';
import { registerDrill } from './verbs/drill.ts';
import { registerDrillList } from './verbs/drill-list.ts';
import { registerDrillVerify } from './verbs/drill-verify.ts';
import { registerNetworkBurn } from './verbs/network-burn.ts';
import { registerNetworkCreate } from './verbs/network-create.ts';
import { registerNetworkStart } from './verbs/network-start.ts';
import { registerNetworkStatus } from './verbs/network-status.ts';
import { registerNetworkStop } from './verbs/network-stop.ts';
import { registerNetworkWatch } from './verbs/network-watch.ts';
import { registerRepairPause } from './verbs/repair-pause.ts';
import { registerRepairResume } from './verbs/repair-resume.ts';
import { registerRepairStatus } from './verbs/repair-status.ts';
import { registerSiteDeclareLost } from './verbs/site-declare-lost.ts';
import { registerSiteMaintenance } from './verbs/site-maintenance.ts';
import { registerVaultActivate } from './verbs/vault-activate.ts';
import { registerVaultCreate } from './verbs/vault-create.ts';
import { registerVaultDevices } from './verbs/vault-devices.ts';
import { registerVaultNewRoot } from './verbs/vault-new-root.ts';
import { registerVaultRecover } from './verbs/vault-recover.ts';
import { registerVaultRevoke } from './verbs/vault-revoke.ts';
import { registerVaultStatus } from './verbs/vault-status.ts';
import { registerPut } from './verbs/put.ts';
import { registerGet } from './verbs/get.ts';
import { registerLs } from './verbs/ls.ts';
import { registerRm } from './verbs/rm.ts';
import { registerUndelete } from './verbs/undelete.ts';
import { registerWhere } from './verbs/where.ts';
import { registerProve } from './verbs/prove.ts';
import { registerCheckAccount } from './verbs/check-account.ts';
import { registerProveDeleted } from './verbs/prove-deleted.ts';
import { registerCheckProof } from './verbs/check-proof.ts';
import { registerVerify } from './verbs/verify.ts';
import { registerForecast } from './verbs/forecast.ts';
import { registerLedgerVerify } from './verbs/ledger-verify.ts';
import { registerDemo } from './verbs/demo.ts';

const HELP_COLUMNS = 80;
const VERSION = '0.0.0';

/** Runs one command line; resolves with its exit status. */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<number> {
  const context = new Context(around);
  const { stdout, stderr } = around.io;
  const json = argv.includes('--json');
  const program = new Command('vauban')
    .description('Store files over independent datacenters, so that any few of them may burn.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    // `drill` does something by itself and has verbs below it that take the same options.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // With --json the error goes out as a document below, and as one line.
      writeErr: (text) => stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    });
  const daemon = program.command('daemon').description('for hosters: set up and run a storage daemon');
  registerDaemonInit(daemon, context);
  registerDaemonRun(daemon, context);
  registerDaemonStatus(daemon, context);
  registerDaemonAccount(daemon, context);
  registerDaemonLogLevel(daemon, context);
  registerDaemonDrain(daemon, context);
  registerDaemonReadmit(daemon, context);
  registerDaemonToken(daemon, context);
  registerDaemonVotingKey(daemon, context);
  const config = daemon.command('config').description('look at a daemon configuration');
  registerDaemonConfigCheck(config, context);
  const network = program.command('network').description('a network of real daemons on this machine');
  registerNetworkCreate(network, context);
  registerNetworkStart(network, context);
  registerNetworkStatus(network, context);
  registerNetworkWatch(network, context);
  registerNetworkBurn(network, context);
  registerNetworkStop(network, context);
  const site = program.command('site').description('for operators: what is said of a whole site');
  registerSiteDeclareLost(site, context);
  registerSiteMaintenance(site, context);
  const repair = program.command('repair').description('how lost fragments are rebuilt');
  registerRepairStatus(repair, context);
  registerRepairPause(repair, context);
  registerRepairResume(repair, context);
  const drill = registerDrill(program, context);
  registerDrillList(drill, context);
  registerDrillVerify(drill, context);
  const charter = program.command('charter').description('the consortium’s document about itself');
  registerCharterShow(charter, context);
  registerCharterPropose(charter, context);
  registerCharterSign(charter, context);
  registerCharterAbandon(charter, context);
  registerCharterApply(charter, context);
  registerCharterHistory(charter, context);
  const vault = program.command('vault').description('for agencies: an encrypted namespace');
  registerVaultCreate(vault, context);
  registerVaultActivate(vault, context);
  registerVaultRecover(vault, context);
  registerVaultStatus(vault, context);
  registerVaultDevices(vault, context);
  registerVaultRevoke(vault, context);
  registerVaultNewRoot(vault, context);
  registerPut(program, context);
  registerGet(program, context);
  registerLs(program, context);
  registerRm(program, context);
  registerUndelete(program, context);
  registerWhere(program, context);
  registerProve(program, context);
  registerProveDeleted(program, context);
  registerCheckProof(program, context);
  registerCheckAccount(program, context);
  registerVerify(program, context);
  const ledger = program.command('ledger').description('the record of where every fragment sits');
  registerLedgerVerify(ledger, context);
  registerForecast(program, context);
  registerDemo(program, context);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return context.status;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // A command group without a verb: commander has printed the group's help.
      if (error.code === 'commander.help') return exitCodeOf('usage');
      return context.fail(usageOf(error), json);
    }
    return context.fail(faultOf(error, around.signal), json, error);
  } finally {
    context.end();
  }
}

function usageOf(error: CommanderError): Fault {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new Fault('usage', 'USAGE', `${message} (see vauban --help)`, {});
}

function faultOf(error: unknown, signal: AbortSignal): Fault {
  const fault = asFault(error);
  if (fault.kind === 'interrupted' || !signal.aborted) return fault;
  return new Fault('interrupted', 'INTERRUPTED', 'interrupted', {}, error);
}
