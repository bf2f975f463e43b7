// The story of the demo, step by step. Everything in it is real: processes, sockets, disks, keys, fires.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asFault, Fault, type FaultKind } from '@vauban/core';
import {
  nodeClient,
  nodeSource,
  nodeTargetDirectory,
  recoverVault,
  Vault,
  verifyLedger,
} from '@vauban/client';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import {
  allocatedBytes,
  burnSite,
  createNetwork,
  NetworkSession,
  networkStatus,
  startNetwork,
  stopNetwork,
} from '@vauban/fleet';
import { joinAsAgency } from '@vauban/drill';
import type { Context } from '../context.ts';
import { count, size } from '../output.ts';
import { ownCommand } from '../own-command.ts';
import { FireWatch, type WatchResult } from './fire-watch.ts';
import { gatherTree, hashTree } from './tree.ts';

/** Strasbourg burns first; whatever the number, reads go on for a while after each fire. */
const READ_ON_MS = 4_000;
const AGENCY = 'Commune de démonstration';

export interface Told {
  readonly document: object;
  readonly text: string;
  /** Set when the promise was not kept: decides the exit status. */
  readonly fault: FaultKind | undefined;
}

export async function runDemo(
  context: Context,
  options: { readonly files?: string; readonly burn: number },
): Promise<Told> {
  const directory = await mkdtemp(join(tmpdir(), 'vauban-demo-'));
  const network = join(directory, 'network');
  const started = performance.now();
  const say = (text: string) => {
    const seconds = ((performance.now() - started) / 1_000).toFixed(1).padStart(6);
    context.say(`${seconds} s  ${text}`);
  };
  try {
    return await tell({ context, directory, network, say, ...options });
  } finally {
    await stopNetwork(network).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

interface Stage {
  readonly context: Context;
  readonly directory: string;
  readonly network: string;
  readonly say: (text: string) => void;
  readonly files?: string;
  readonly burn: number;
}

async function tell(stage: Stage): Promise<Told> {
  const { context, directory, network, say } = stage;
  const { signal } = context;
  const created = await createNetwork(network, { sites: 9, k: 6, m: 3 });
  if (stage.burn > created.daemons.length) {
    throw new Fault('usage', 'BURN_TOO_MANY', `there are only ${created.daemons.length} sites to burn`, {});
  }
  await startNetwork(network, { command: ownCommand, signal });
  say(
    `${created.daemons.length} hosters started, each a process of its own, in ${count(created.daemons.length, 'city', 'cities')}`,
  );
  const source = await sourceOf(stage);
  const before = await hashTree(source);
  const passphrase = Buffer.from(nodeRandom.bytes(16)).toString('hex');
  const first = join(directory, 'agency');
  const { words } = await joinAsAgency(network, { vault: first, passphrase, name: AGENCY });
  say('an agency made its keys and its 24 words; the officers put it into the charter');
  const vault = await Vault.open(await nodeClient(first), passphrase);
  let stored: Awaited<ReturnType<typeof storeAll>>;
  let watch: WatchResult;
  const burnt: string[] = [];
  try {
    stored = await storeAll(stage, vault, source);
    say(
      `${stored.files} files, ${size(stored.bytes)}, encrypted and stored in ${stored.seconds.toFixed(1)} s; ` +
        `${size(stored.storedBytes)} on disks (${(stored.storedBytes / stored.bytes).toFixed(2)} ×)`,
    );
    const fire = new FireWatch(vault, stored.objects);
    fire.start();
    for (const { site } of created.daemons.slice(0, stage.burn)) {
      signal.throwIfAborted();
      const lost = await burnSite(network, site);
      burnt.push(site);
      say(`${site} burns: ${count(lost.fragmentsLost, 'fragment')}, ${size(lost.bytesLost)} gone`);
      await nodeClock.sleep(READ_ON_MS, signal);
    }
    watch = await fire.end();
    say(
      `${watch.reads} reads during the fires: median ${watch.p50Ms} ms, 99 % within ${watch.p99Ms} ms, ${watch.failed} failed`,
    );
  } finally {
    await vault.close();
  }
  const status = await networkStatus(network, { signal });
  say(status.summary);
  await rm(first, { recursive: true });
  say('the agency’s own computer is lost too');
  const restored = await recoverAll(stage, { words, passphrase, before });
  say(
    restored.fault === undefined
      ? `recovered from the 24 words: ${restored.intact} of ${before.size} files, compared byte by byte`
      : `recovery: ${restored.intact} of ${before.size} files came back; ${restored.fault.message}`,
  );
  const ledger = await ledgerOf(network, signal);
  say(
    ledger.ok
      ? `the ledger checks at ${ledger.reached} hosters: ${count(ledger.entries, 'entry', 'entries')}`
      : `the ledger: ${ledger.problem}`,
  );
  const ok = restored.intact === before.size && watch.failed === 0 && ledger.ok;
  const document = {
    ok,
    hosters: created.daemons.length,
    files: stored.files,
    bytes: stored.bytes,
    storedBytes: stored.storedBytes,
    burntSites: burnt,
    filesIntact: restored.intact,
    readDuringFire: { p50Ms: watch.p50Ms, p99Ms: watch.p99Ms, failed: watch.failed, reads: watch.reads },
    ledger: { ok: ledger.ok, entries: ledger.entries },
    lost: restored.lost,
  };
  const lost = restored.lost.slice(0, 10).map((path) => `  lost: ${path}`);
  if (restored.lost.length > 10) lost.push(`  … and ${restored.lost.length - 10} more`);
  const text = ok
    ? `Nothing lost: ${burnt.join(', ')} burnt, ${restored.intact} of ${before.size} files intact, at ${(stored.storedBytes / stored.bytes).toFixed(2)} × the volume (three copies: 3.00 ×).`
    : [
        `NOT KEPT with ${count(burnt.length, 'site')} burnt: ${before.size - restored.intact} of ${before.size} files lost.`,
        ...lost,
      ].join('\n');
  // Too few fragments comes before too few hosters: what is lost is lost whoever answers.
  const tooFew = status.worstMargin !== null && status.worstMargin < 0;
  const why = tooFew ? 'missing-fragments' : restored.fault?.kind;
  const fault = ok ? undefined : (why ?? (ledger.ok ? 'failure' : 'integrity'));
  return { document, text, fault };
}

/** Where this very program's dependencies are installed. */
function dependencyTree(): string {
  const inside = fileURLToPath(import.meta.resolve('commander'));
  return inside.slice(0, inside.lastIndexOf('node_modules') + 'node_modules'.length);
}

async function sourceOf(stage: Stage): Promise<string> {
  if (stage.files !== undefined) return resolve(stage.files);
  const dependencies = dependencyTree();
  const tree = join(stage.directory, 'files');
  await mkdir(tree);
  const { files, bytes } = await gatherTree(dependencies, tree);
  await writeFile(join(tree, 'empty'), '');
  stage.say(`what it will store: this project’s own dependencies, ${files} files, ${size(bytes)}`);
  return tree;
}

async function storeAll(stage: Stage, vault: Vault, source: string) {
  const { context, network } = stage;
  const progress = context.progress('storing');
  const started = performance.now();
  const allocated = await allocatedBytes(network);
  let done = 0;
  const result = await vault.put(nodeSource(source), '', {
    signal: context.signal,
    onProgress: (bytes) => {
      done += bytes;
      progress.update(done, 200_000_000, size(done));
    },
  });
  context.end();
  const [problem] = result.problems;
  if (problem !== undefined) throw problem.fault;
  return {
    files: result.objects.length,
    bytes: result.bytes,
    storedBytes: (await allocatedBytes(network)) - allocated,
    seconds: (performance.now() - started) / 1_000,
    objects: result.objects.flatMap(({ path, sha256 }) => (sha256 === null ? [] : [{ path, sha256 }])),
  };
}

async function recoverAll(
  stage: Stage,
  of: { readonly words: string; readonly passphrase: string; readonly before: ReadonlyMap<string, string> },
): Promise<{ readonly intact: number; readonly lost: string[]; readonly fault: Fault | undefined }> {
  const { directory, network, context } = stage;
  const { before, passphrase } = of;
  const out = join(directory, 'restored');
  let fault: Fault | undefined;
  try {
    const ports = await nodeClient(join(directory, 'new-computer'));
    const session = await NetworkSession.open(network, { as: 'operator' });
    const charter = session.chain.signedFrom(1);
    await session.close();
    await recoverVault(ports, { words: of.words, charter, passphrase });
    const vault = await Vault.open(ports, passphrase);
    try {
      const result = await vault.get('', () => nodeTargetDirectory(out), { signal: context.signal });
      fault = result.problems[0]?.fault;
    } finally {
      await vault.close();
    }
  } catch (error) {
    fault = asFault(error);
    if (fault.kind === 'interrupted' || context.signal.aborted) throw error;
  }
  const after = await hashTree(out).catch(() => new Map<string, string>());
  const lost = [...before].filter(([path, hash]) => after.get(path) !== hash).map(([path]) => path);
  return { intact: before.size - lost.length, lost, fault };
}

async function ledgerOf(network: string, signal: AbortSignal) {
  const session = await NetworkSession.open(network, { as: 'operator', signal });
  try {
    await session.catchUp();
    const report = await verifyLedger({
      crypto: nodeCrypto,
      clock: nodeClock,
      random: nodeRandom,
      charters: session.chain,
      voters: session.voters(),
      scopes: [{ of: 'all' }],
      signal,
    });
    return {
      ok: report.ok,
      entries: report.entries,
      reached: report.reached.length,
      problem: report.problems[0]?.message ?? 'no hoster answered',
    };
  } finally {
    await session.close();
  }
}
