// Why the file system refused, in words a person can act on.

const reasons: { readonly [code: string]: string } = {
  ENOENT: 'it vanished',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENAMETOOLONG: 'the path is longer than this system takes',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'something on the way is no directory',
  EIO: 'the disk reports an error',
  ELOOP: 'a link was put in its place',
  ENXIO: 'something else was put in its place',
};

/** An error of node:fs in words; its code when there are none. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? code ?? String(error);
}
