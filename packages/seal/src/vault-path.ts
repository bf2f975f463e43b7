// What a path in a vault may be. Paths come from users' disks and S3 clients and go back to disks of other systems:
// a path that validates can name nothing outside the directory it is restored into.

import { Fault, utf8 } from '@vauban/core';

/** Linux's PATH_MAX: longer paths cannot be opened in one call anywhere. */
export const VAULT_PATH_BYTES_MAX = 4096;
/** NAME_MAX of ext4, XFS, Btrfs, ZFS and APFS: what is longer could be stored but never restored. */
export const VAULT_PATH_COMPONENT_BYTES_MAX = 255;

type PathRule =
  | 'empty'
  | 'absolute'
  | 'too-long'
  | 'component-too-long'
  | 'empty-component'
  | 'dot-component'
  | 'nul'
  | 'not-unicode';

const sentences: { readonly [rule in PathRule]: string } = {
  empty: 'it is empty',
  absolute: 'it begins with a slash',
  'too-long': `it exceeds ${VAULT_PATH_BYTES_MAX} bytes`,
  'component-too-long': `one of its names exceeds ${VAULT_PATH_COMPONENT_BYTES_MAX} bytes`,
  'empty-component': 'it has an empty name (two slashes in a row, or one at the end)',
  'dot-component': "one of its names is '.' or '..'",
  nul: 'it contains a NUL character',
  'not-unicode': 'it is not well-formed Unicode',
};

/**
 * Returns the text unchanged (no Unicode normalisation: two spellings are two names, as on Linux) when it is a vault
 * path: names of 1 to 255 bytes of UTF-8 joined by '/', 4096 bytes in all, none of them '.' or '..', no NUL.
 * Backslashes, colons, control characters and device names are legal: display and restore escape what they cannot take.
 * Fault: VAULT_PATH (usage) {rule, path}, the path printable and shortened.
 */
export function validateVaultPath(text: string): string {
  const rule = brokenRule(text);
  if (rule) {
    throw new Fault('usage', 'VAULT_PATH', `${printable(text)} is no vault path: ${sentences[rule]}.`, {
      rule,
      path: printable(text),
    });
  }
  return text;
}

function brokenRule(text: string): PathRule | undefined {
  if (text.length === 0) return 'empty';
  // A UTF-16 unit is at least one byte of UTF-8: this keeps a hostile megabyte from being encoded.
  if (text.length > VAULT_PATH_BYTES_MAX) return 'too-long';
  if (!text.isWellFormed()) return 'not-unicode';
  if (utf8(text).length > VAULT_PATH_BYTES_MAX) return 'too-long';
  if (text.includes('\0')) return 'nul';
  if (text.startsWith('/')) return 'absolute';
  for (const name of text.split('/')) {
    if (name === '') return 'empty-component';
    if (name === '.' || name === '..') return 'dot-component';
    if (
      name.length * 3 > VAULT_PATH_COMPONENT_BYTES_MAX &&
      utf8(name).length > VAULT_PATH_COMPONENT_BYTES_MAX
    ) {
      return 'component-too-long';
    }
  }
  return undefined;
}

/** For messages and facts: shortened, quoted, nothing that steers a terminal. */
export function printable(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(short.toWellFormed().replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD'));
}
