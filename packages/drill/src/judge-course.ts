// What is judged by the course of the samples: that the ledger went on, and how disks behaved that came back late.

import type { Seen, Verdict } from './promises.ts';
import type { Return, Sample } from './result.ts';
import { citiesOf, counted, lasting, listed, words } from './words.ts';

/** With a quorum that answers all the while, something is certified within this, however busy the machine. */
const LEDGER_PATIENCE_MS = 60_000;

/** The ledger is longer in the end, and grew within every minute in which a quorum of voters was up. */
export function judgeLedger({ samples, network }: Seen): Verdict {
  const voters = network.sites.filter(({ votes }) => votes).map(({ id }) => id);
  const stands = (one: Sample) => voters.filter((id) => one.sites[id] === 'up').length >= network.quorum;
  const entries = samples.map(({ ledgerEntries }) => ledgerEntries);
  const known = entries.filter((count) => count > 0);
  const grown = Math.max(0, (known.at(-1) ?? 0) - (known[0] ?? 0));
  let stoodMs = 0;
  let longestMs = 0;
  let since: { readonly atMs: number; readonly entries: number } | undefined;
  for (const [at, one] of samples.entries()) {
    if (!stands(one)) {
      since = undefined;
      continue;
    }
    const before = samples[at - 1];
    if (before !== undefined && stands(before)) stoodMs += one.atMs - before.atMs;
    if (since === undefined || one.ledgerEntries > since.entries)
      since = { atMs: one.atMs, entries: one.ledgerEntries };
    longestMs = Math.max(longestMs, one.atMs - since.atMs);
  }
  const more = counted(grown, ['entry', 'entries'], ['entrée', 'entrées']).en;
  const stood = lasting(stoodMs);
  const still = lasting(longestMs);
  return {
    kept: grown > 0 && longestMs <= LEDGER_PATIENCE_MS,
    detail: words(
      `${more} certified; at least ${network.quorum} of ${voters.length} voters were up for ${stood.en} in all, and the longest standstill meanwhile was ${still.en}.`,
      `Entrées certifiées : ${grown} ; au moins ${network.quorum} votants sur ${voters.length} étaient présents pendant ${stood.fr} au total, et le plus long arrêt dans ce temps a duré ${still.fr}.`,
    ),
  };
}

/** Seen read-only, never as if nothing had been, and without a file less, until somebody did something to the site. */
export function judgeReturns({ samples, network }: Seen, late: readonly Return[]): Verdict {
  const bad = late.filter(({ site, atMs, untilMs, erased }) => {
    const states = samples
      .filter((one) => one.atMs > atMs && one.endedMs < untilMs)
      .map(({ sites }) => sites[site]);
    const careful = states.includes('read-only') || states.includes('lost');
    return erased > 0 || !careful || states.includes('up') || states.includes('maintenance');
  });
  const names = (all: readonly Return[]) =>
    listed(
      citiesOf(
        network,
        all.map(({ site }) => site),
      ),
    );
  const files = counted(
    late.reduce((sum, one) => sum + one.files, 0),
    ['file', 'files'],
    ['fichier', 'fichiers'],
  );
  const erased = late.reduce((sum, one) => sum + one.erased, 0);
  const who = names(late);
  if (bad.length > 0) {
    const failed = names(bad);
    const gone = counted(erased, ['file', 'files'], ['fichier', 'fichiers']);
    return {
      kept: false,
      detail: words(
        `${failed.en} did not wait for an engineer; ${gone.en} erased.`,
        `${failed.fr} : pas d’attente de l’ingénieur ; ${gone.fr} effacés.`,
      ),
    };
  }
  return {
    kept: true,
    detail: words(
      `${who.en}: only read until an engineer had looked; none of ${files.en} erased.`,
      `${who.fr} : en lecture seule jusqu’au contrôle de l’ingénieur ; aucun des ${files.fr} effacé.`,
    ),
  };
}
