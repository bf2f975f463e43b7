// What repair reads from one site stays under the rate that its hoster set, over any stretch of time: only repair moves bytes in
// bulk between daemons.

import type { Checker } from '../checker.ts';

const WINDOW_MS = 10_000;
/** On their way at once when the stretch begins, of the largest fragments there are, and once more for those that were free. */
const SLACK_BYTES = 6 * 24_000;

export interface Budget {
  readonly hosters: ReadonlySet<string>;
  readonly bytesPerSecond: number;
  readonly now: () => number;
}

export function traffic({ hosters, bytesPerSecond, now }: Budget): Checker {
  const links = new Map<
    string,
    { sum: number; parts: { readonly atMs: number; readonly bytes: number }[] }
  >();
  const most = (bytesPerSecond * WINDOW_MS) / 1_000 + SLACK_BYTES;
  let wrong: string | undefined;
  return {
    name: 'traffic',
    saw({ from, to, what, body }) {
      if (what !== 'stream data' || !hosters.has(from) || !hosters.has(to)) return;
      const name = `${from} → ${to}`;
      const link = links.get(name) ?? { sum: 0, parts: [] };
      links.set(name, link);
      link.parts.push({ atMs: now(), bytes: body.length });
      link.sum += body.length;
      for (
        let [first] = link.parts;
        first !== undefined && first.atMs <= now() - WINDOW_MS;
        [first] = link.parts
      ) {
        link.sum -= first.bytes;
        link.parts.shift();
      }
      if (link.sum > most)
        wrong ??= `${name}: ${link.sum} bytes in ${WINDOW_MS / 1_000} s, allowed are ${most}`;
    },
    judge() {
      if (wrong !== undefined) throw new Error(wrong);
    },
  };
}
