// The line that matters, in words: the gravest of what a census found.

import type { Census } from './census.ts';

/** `gap`: the ledger may go on beyond what was read. */
export function censusInWords(census: Census, gap: boolean): string {
  const { segments, worstMargin, unreadable, givenUp, lost } = census;
  const count = (n: number) => `${n} of ${segments} ${segments === 1 ? 'segment' : 'segments'}`;
  if (lost > 0) return `DATA LOST: too little is left of ${count(lost)}`;
  if (givenUp > 0) {
    return `DATA LOST unless sites declared lost come back: without them too little is left of ${count(givenUp)}`;
  }
  const none = gap ? 'no data known to be lost' : 'no data lost';
  if (unreadable > 0) return `${none}; ${count(unreadable)} cannot be read until fragments return`;
  if (worstMargin === null) return gap ? 'margin unknown' : `${none}; nothing stored yet`;
  if (worstMargin < 0) return `${none}; what sites declared lost still serve is needed to read some of it`;
  return `${none}; worst margin ${worstMargin} ${worstMargin === 1 ? 'site' : 'sites'}`;
}
