// Which objects of a vault a segment holds bytes of: what a segment at risk means to its agency.

import { toHex } from '@vauban/core';
import type { Vault } from '@vauban/client';

/** Of all objects below the prefix. The answer: paths, by a segment's id in hex. Faults: those of listing. */
export async function objectsInVault(
  vault: Vault,
  prefix: string,
  signal: AbortSignal,
): Promise<(segment: string) => readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const { write } of await vault.list(prefix, { signal })) {
    for (const { segment } of await vault.places(write.path, { signal })) {
      const id = toHex(segment);
      const known = paths.get(id) ?? [];
      known.push(write.path);
      paths.set(id, known);
    }
  }
  return (segment) => paths.get(segment) ?? [];
}
