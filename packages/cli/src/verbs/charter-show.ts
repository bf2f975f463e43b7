// vauban charter show: the charter in words.

import { stat } from 'node:fs/promises';
import { type Charter, officersThreshold, quorumOf, toHex, votingHosters } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, day, size, table, time, wrap } from '../output.ts';

interface Options {
  readonly network: string;
  readonly toml?: boolean;
}

export function registerCharterShow(parent: Command, context: Context): void {
  const command = parent
    .command('show')
    .description('say what the charter says')
    .requiredOption('--network <path>', 'a charter file, or the directory of a local network')
    .option('--toml', 'as a text to edit, for charter propose');
  context.declare<Options>(command, {
    example: 'vauban charter show --network ./grand-est',
    notes: 'The root is the text that names this consortium for ever; offline checks start from it.',
    run: async (_, { network, toml }) => {
      const { readCharter } = await import('@vauban/daemon');
      const { readNetworkCharter } = await import('@vauban/fleet');
      const isDirectory = await stat(network).then(
        (found) => found.isDirectory(),
        () => false,
      );
      const chain = isDirectory ? await readNetworkCharter(network) : await readCharter(network);
      if (toml === true && !context.json) {
        const { formatCharterText } = await import('@vauban/fleet');
        context.print({}, formatCharterText(chain.current));
        return;
      }
      const { durationRows } = await import('@vauban/fleet');
      const waits = durationRows(chain.current.durations).map(([name, text]) => `${name} ${text}`);
      context.print(
        documentOf(chain.current, chain.root),
        inWords(chain.current, { root: chain.root, waits }),
      );
    },
  });
}

function documentOf(charter: Charter, root: string) {
  return {
    root,
    name: charter.name,
    version: charter.version,
    issued: time(charter.issued),
    expires: time(charter.expires),
    epoch: charter.epoch,
    quorum: quorumOf(charter),
    liarsBorne: charter.f,
    hosters: charter.hosters.map((one) => ({
      id: one.id,
      name: one.name,
      identityKey: toHex(one.identityKey),
      voter: one.voter,
      declaration: {
        ...one.declaration,
        validFrom: time(one.declaration.validFrom),
        validUntil: time(one.declaration.validUntil),
      },
    })),
    sites: charter.sites.map((one) => ({
      ...one,
      latitude: one.latitude / 1e6,
      longitude: one.longitude / 1e6,
    })),
    daemons: charter.daemons.map(({ id, site, peer, addresses, capacityBytes }) => ({
      id,
      site,
      peer,
      addresses,
      capacityBytes,
    })),
    agencies: charter.agencies.map((one) => ({ ...one, rootKey: toHex(one.rootKey) })),
    policies: charter.policies,
    durations: charter.durations,
    officers: charter.officers.map(({ id }) => id),
    officersNeeded: officersThreshold(charter),
    operators: charter.operators.map(({ id }) => id),
  };
}

function inWords(
  charter: Charter,
  { root, waits }: { readonly root: string; readonly waits: readonly string[] },
): string {
  const voters = votingHosters(charter).length;
  const sites = charter.sites.map((site) => {
    const hoster = charter.hosters.find((one) => one.id === site.hoster);
    const daemons = charter.daemons.filter((one) => one.site === site.id);
    const capacity = daemons.reduce((sum, one) => sum + one.capacityBytes, 0);
    return [
      site.city,
      hoster?.name ?? '',
      String(daemons.length),
      size(capacity),
      day(hoster?.declaration.validUntil ?? 0),
    ];
  });
  const columns = [
    { title: 'site' },
    { title: 'hoster' },
    { title: 'daemons', right: true },
    { title: 'capacity', right: true },
    { title: 'declared until' },
  ];
  const policies = charter.policies.map((one) =>
    wrap(
      `Policy ${one.name}: ${one.k} + ${one.m} fragments per segment (${one.code}), any ${count(one.sitesLost, 'site')} may be lost; holders in ${count(one.sovereignty.countries.length, 'country', 'countries')}, foreign capital at most ${one.sovereignty.foreignShareLargestMax} % each and ${one.sovereignty.foreignShareTotalMax} % together${one.sovereignty.foreignVetoAllowed ? '' : ', no foreign veto'}.`,
    ),
  );
  const agencies = charter.agencies.map(
    (one) => `  ${one.name} (${one.id}): ${size(one.quotaBytes)}${one.suspended ? ', suspended' : ''}`,
  );
  return [
    wrap(
      `Charter ${charter.name}, version ${charter.version}, issued ${time(charter.issued)}, expires ${time(charter.expires)}.`,
    ),
    `Root: ${root}`,
    '',
    table(columns, sites),
    '',
    `${count(charter.hosters.length, 'hoster')}, ${voters} with a vote, of whom ${charter.f} may lie: ${quorumOf(charter)} cosignatures certify.`,
    `${count(charter.officers.length, 'officer')}, of whom ${charter.officersLying} may lie: ${officersThreshold(charter)} signatures make a new version.`,
    `Operators: ${charter.operators.map((one) => one.id).join(', ') || 'none'}.`,
    ...policies,
    wrap(`Waiting times: ${waits.join(', ')}.`),
    charter.agencies.length === 0
      ? 'No agencies yet.'
      : `${count(charter.agencies.length, 'agency', 'agencies')}:`,
    ...agencies,
  ].join('\n');
}
