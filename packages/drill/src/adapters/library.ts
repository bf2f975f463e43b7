// The scenarios that come along, and any other that lies in a file.

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Fault, isSlug, nearestName } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { readScenario, type ScenarioFile } from '../scenario-file.ts';

const LIBRARY = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const ENDING = '.toml';

/** Names, sorted. */
export async function libraryNames(): Promise<readonly string[]> {
  const files = await readdir(LIBRARY);
  return files.flatMap((file) => (file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : [])).sort();
}

/** A name of the library, or the path of a file. Faults (usage): SCENARIO_MISSING {name, nearest, known}, those of readScenario. */
export async function findScenario(name: string): Promise<ScenarioFile> {
  const path = isSlug(name) ? `${LIBRARY}${name}${ENDING}` : name;
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes !== undefined) return readScenario(nodeCrypto, new Uint8Array(bytes), name);
  const known = await libraryNames();
  const nearest = nearestName(name, known) ?? null;
  const meant = nearest === null ? `the library has ${known.join(', ')}` : `did you mean ${nearest}?`;
  const message = `there is no scenario ${name}: ${meant} (or give the path of a TOML file)`;
  throw new Fault('usage', 'SCENARIO_MISSING', message, { name, nearest, known: [...known] });
}
