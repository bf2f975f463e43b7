// Why a fragment is not taken in, in words and facts.

import { equalBytes, Fault, toHex } from '@vauban/core';
import type { FragmentFacts, FragmentKey } from './fragment-file.ts';

export function diskFull(
  reason: 'reserve' | 'capacity',
  why: string,
  facts: Readonly<Record<string, number>>,
): Fault {
  return new Fault(
    'refused',
    'DISK_FULL',
    `this daemon takes no more fragments now: ${why}; another daemon may take it, or this one later`,
    { class: 'later', reason, ...facts },
  );
}

export function otherFragment(
  wanted: FragmentKey & { readonly root: Uint8Array },
  present: FragmentFacts,
): Fault {
  const why = equalBytes(wanted.root, present.root) ? 'another length, agency or vault' : 'another root';
  return new Fault(
    'refused',
    'FRAGMENT_OTHER',
    `fragment ${wanted.index} of segment ${toHex(wanted.segment)} is stored here with ${why}`,
    {
      segment: toHex(wanted.segment),
      index: wanted.index,
      wanted: toHex(wanted.root),
      stored: toHex(present.root),
    },
  );
}
