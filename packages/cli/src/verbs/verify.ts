// vauban verify: challenges every fragment; deep reads and opens everything without writing it.

import { asFault, Fault, toHex } from '@vauban/core';
import type { FragmentWhereabouts, Vault } from '@vauban/client';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { gravest, type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly deep?: boolean;
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly path: string | null;
  readonly segment: string | null;
  readonly site: string | null;
}

/** Places challenged at once. */
const AT_ONCE = 8;

export function registerVerify(program: Command, context: Context): void {
  const command = vaultOptions(program.command('verify'))
    .description('challenge the holder of every fragment for a random leaf')
    .argument('[prefix]', 'only paths that begin with this')
    .option('--deep', 'also read and open everything, writing nothing');
  context.declare<Options>(command, {
    example: 'vauban verify --deep --vault ./archives',
    notes: 'Exit status 0: every fragment answered. 4: something cannot be read. 3: wrong bytes were sent.',
    run: async ([prefix = ''], options) => {
      const { problems, faults, objects } = await withVault(context, options, (vault) =>
        look(context, vault, { prefix, deep: options.deep === true }),
      );
      const worst = gravest(faults);
      if (worst !== undefined) context.status = context.exitCode(worst);
      const sites = [...new Set(problems.flatMap(({ site }) => (site === null ? [] : [site])))];
      const lines = problems.slice(0, 20).map(({ message }) => `  ${message}`);
      if (problems.length > 20) lines.push(`  … and ${problems.length - 20} more (--json has all)`);
      context.print(
        { ok: problems.length === 0, objects, problems },
        problems.length === 0
          ? `${count(objects, 'object')} verified: every fragment proved a random leaf${options.deep === true ? ', every byte was read and opened' : ''}.`
          : `${count(objects, 'object')} looked at, ${count(problems.length, 'problem')}${sites.length > 0 ? ` at ${sites.join(', ')}` : ''}:\n${lines.join('\n')}`,
      );
    },
  });
}

/** Challenges every holder, and with `deep` reads every object. */
async function look(
  context: Context,
  vault: Vault,
  { prefix, deep }: { readonly prefix: string; readonly deep: boolean },
): Promise<{ readonly problems: Problem[]; readonly faults: Fault[]; readonly objects: number }> {
  const progress = context.progress('verify');
  const { signal } = context;
  // In a crisis, what was certified when last seen is looked at all the same; a note says so.
  const places = await vault.places(prefix, { signal });
  const versions = await vault.list(prefix, { stale: true, signal });
  if (versions.length === 0 && prefix !== '') {
    throw new Fault('failure', 'NOT_FOUND', `the vault holds nothing that begins with ${prefix}`, { prefix });
  }
  const problems: Problem[] = [];
  const faults: Fault[] = [];
  for (let from = 0; from < places.length; from += AT_ONCE) {
    progress.update(from, places.length, 'fragments');
    const some = places.slice(from, from + AT_ONCE);
    for (const { place, fragments, survives } of await Promise.all(
      some.map((one) => vault.challenge(one, signal)),
    )) {
      for (const one of fragments) {
        const { problem, site, index } = one;
        if (problem === null || isMadeGood(one, fragments)) continue;
        const message = `fragment ${index} at ${site}: ${problem.message}`;
        problems.push({ code: problem.code, message, path: null, segment: toHex(place.segment), site });
        faults.push(survives < 0 ? unreadable(toHex(place.segment)) : degraded(problem));
      }
    }
  }
  for (const [nth, version] of (deep ? versions : []).entries()) {
    progress.update(nth, versions.length, 'objects');
    await vault.check(version, { signal }).catch((error: unknown) => {
      const fault = asFault(error);
      if (fault.kind === 'interrupted') throw fault;
      const { path } = version.write;
      problems.push({
        code: fault.code,
        message: `${path}: ${fault.message}`,
        path,
        segment: null,
        site: null,
      });
      faults.push(fault);
    });
  }
  return { problems, faults, objects: versions.length };
}

/** Somebody else proves the fragment: whoever held it before is no problem any more, unless he sends wrong bytes. */
function isMadeGood(
  { index, problem }: FragmentWhereabouts,
  fragments: readonly FragmentWhereabouts[],
): boolean {
  return problem?.kind !== 'integrity' && fragments.some((one) => one.index === index && one.live);
}

function unreadable(segment: string): Fault {
  return new Fault('missing-fragments', 'FRAGMENTS_MISSING', 'a segment has too few fragments left', {
    segment,
  });
}

/** A fragment that is gone is a loss of margin; wrong bytes are graver. */
function degraded(problem: Fault): Fault {
  return problem.kind === 'integrity'
    ? problem
    : new Fault('failure', problem.code, problem.message, problem.facts);
}
