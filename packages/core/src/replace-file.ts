// Replacing a file durably: the order of writes and fsyncs without which a crash leaves half of it, or neither.

import type { Files } from './ports/files.ts';

/** A crash leaves the old file or the new one (its `parts`, end to end), whole. Nobody else replaces it meanwhile. */
export async function replaceFile(
  files: Files,
  path: string,
  ...parts: readonly Uint8Array[]
): Promise<void> {
  const temporary = `${path}.new`;
  await files.remove(temporary);
  const file = await files.create(temporary);
  try {
    for (const part of parts) await file.write(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncDirectory(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
}
