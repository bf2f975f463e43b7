// The marker: a small file on the data disk that says whose disk it is. A daemon that does not find its own does not
// start, so that an unmounted disk is never taken for a disk whose fragments are all lost.

import { type DaemonId, Fault, type Files, fromUtf8, replaceFile, utf8 } from '@vauban/core';

const MARKER_PATH = 'vauban-daemon';
const MARKER_BYTES_MAX = 256;
const domain = 'vauban/daemon-marker/0';

/**
 * Writes the marker, durably. Called once, when a daemon is set up; again for the same daemon it does nothing.
 * Faults: MARKER_OTHER (the disk is another daemon's).
 */
export async function createMarker(files: Files, daemon: DaemonId): Promise<void> {
  const found = await readMarker(files);
  if (found === undefined) return replaceFile(files, MARKER_PATH, utf8(`${domain}\n${daemon}\n`));
  if (found !== daemon) throw otherMarker(daemon, found);
  await files.syncDirectory('');
}

/** Faults (refused): MARKER_MISSING, MARKER_OTHER; (integrity) MARKER_MALFORMED. */
export async function checkMarker(files: Files, daemon: DaemonId): Promise<void> {
  const found = await readMarker(files);
  if (found === undefined) {
    throw new Fault(
      'refused',
      'MARKER_MISSING',
      `the data directory has no file ${MARKER_PATH}, so it is not (or not yet) the disk of daemon ${daemon}: ` +
        'starting would report every fragment as lost. Mount the disk, or set the daemon up again if it is new.',
      { daemon, path: MARKER_PATH },
    );
  }
  if (found !== daemon) throw otherMarker(daemon, found);
}

async function readMarker(files: Files): Promise<DaemonId | undefined> {
  const bytes = await files.readAll(MARKER_PATH, MARKER_BYTES_MAX);
  if (bytes === undefined) return undefined;
  let text = '';
  try {
    text = fromUtf8(bytes);
  } catch {
    // Not UTF-8: refused below like any other text that is no marker.
  }
  const [first, daemon, ...rest] = text.split('\n');
  if (first !== domain || daemon === undefined || !/^[0-9a-f]{32}$/.test(daemon) || rest.join() !== '') {
    throw new Fault(
      'integrity',
      'MARKER_MALFORMED',
      `the file ${MARKER_PATH} in the data directory is not a daemon marker: is this the right disk, and is it sound?`,
      { path: MARKER_PATH, bytes: bytes.length },
    );
  }
  return daemon;
}

function otherMarker(daemon: DaemonId, found: DaemonId): Fault {
  return new Fault(
    'refused',
    'MARKER_OTHER',
    `the data directory belongs to daemon ${found}, not to ${daemon}: mount the right disk`,
    { daemon, found },
  );
}
