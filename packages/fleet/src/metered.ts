// Single metrics out of what daemons tell a scraper.

import type { Metered, Readings } from './stage.ts';

/** `texts`: expositions in Prometheus' text format, as daemons write them. Values of the same label are added up. */
export function readingsIn(texts: readonly string[], { name, label }: Metered): Readings {
  const sums = new Map<string, number>();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
    const of = label === undefined ? '' : (new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? '');
    sums.set(of, (sums.get(of) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
  return sums;
}
