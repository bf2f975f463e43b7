// No log has two certified histories: not at one size, in whatever epochs, and not as heads that do not extend each
// other. What honest hosters hand out is what their checkpoints sign.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';
import { judgedHead } from './note.ts';
import { rootsOf } from './tree.ts';

export function oneHistory(evidence: Evidence): Checker {
  const contradiction = () => {
    const roots = new Map<string, string>();
    for (const { origin, size, root } of evidence.certified) {
      const before = roots.get(`${origin} ${size}`);
      if (before !== undefined && before !== root)
        throw new Error(`${origin} was certified twice at size ${size}, with two roots`);
      roots.set(`${origin} ${size}`, root);
    }
  };
  return {
    name: 'one-history',
    told: contradiction,
    judge({ logs, crypto }) {
      contradiction();
      const parts = new Map<string, readonly string[]>();
      for (const log of logs) {
        const roots = rootsOf(crypto, log.entries);
        const head = judgedHead(log.checkpoint);
        if (head?.origin !== log.origin || head.size !== log.size || head.root !== roots[log.size])
          throw new Error(`${log.daemon} holds ${log.origin} with entries that its checkpoint does not sign`);
        parts.set(`${log.daemon} ${log.origin}`, roots);
      }
      // All heads that were certified are prefixes of one copy: the one that holds the largest of them.
      for (const origin of new Set(evidence.certified.map((one) => one.origin))) {
        const heads = evidence.certified.filter((one) => one.origin === origin);
        const largest = heads.toSorted((a, b) => b.size - a.size)[0];
        const copy = logs.find(
          (log) =>
            log.origin === origin &&
            largest !== undefined &&
            parts.get(`${log.daemon} ${origin}`)?.[largest.size] === largest.root,
        );
        if (copy === undefined) continue;
        const roots = parts.get(`${copy.daemon} ${origin}`) ?? [];
        const other = heads.find(({ size, root }) => roots[size] !== root);
        if (other !== undefined)
          throw new Error(`${origin} was certified at size ${other.size} in a history that ends there`);
      }
    },
  };
}
