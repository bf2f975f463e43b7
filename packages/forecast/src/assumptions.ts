// A forecast's assumptions as one flat record, and the TOML file that changes some of them. Unknown keys are errors: a
// misspelt rate would otherwise leave its default standing, unnoticed.

import { Fault, nearestName } from '@vauban/core';
import { parse, TomlError } from 'smol-toml';
import { type AssumptionName, assumptionRows, standardFloodZones } from './assumption-rows.ts';

export type Assumptions = { readonly [name in AssumptionName]: number } & {
  /** Cities that one flood reaches. Every other city is a zone of its own. */
  readonly floodZones: readonly (readonly string[])[];
};

export const assumptionNames = Object.keys(assumptionRows) as readonly AssumptionName[];

export const standardAssumptions: Assumptions = {
  ...(Object.fromEntries(assumptionNames.map((name) => [name, assumptionRows[name].value])) as {
    readonly [name in AssumptionName]: number;
  }),
  floodZones: standardFloodZones,
};

const ASSUMPTIONS_BYTES_MAX = 65_536;
const ZONES_MAX = 200;

/** Standard assumptions with what the TOML text changes. Faults (usage): ASSUMPTIONS_MALFORMED, with the name and a way out. */
export function parseAssumptions(text: string): Assumptions {
  if (text.length > ASSUMPTIONS_BYTES_MAX)
    throw malformed(`they are longer than ${ASSUMPTIONS_BYTES_MAX} characters`);
  const nameOf = new Map(assumptionNames.map((name) => [pathOf(name), name]));
  const paths = [...nameOf.keys(), 'flood.zones'];
  const changed: Partial<Record<AssumptionName, number>> = {};
  let { floodZones } = standardAssumptions;
  for (const [section, values] of Object.entries(read(text))) {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) throw unknown(section, paths);
    for (const [key, value] of Object.entries(values)) {
      const path = `${section}.${key}`;
      const name = nameOf.get(path);
      if (path === 'flood.zones') floodZones = zonesOf(value);
      else if (name === undefined) throw unknown(path, paths);
      else changed[name] = assumptionFrom(name, value);
    }
  }
  return { ...standardAssumptions, ...changed, floodZones };
}

/** The documented file that says just these assumptions; parsing it gives them back. */
export function formatAssumptions(assumptions: Assumptions): string {
  const lines = [
    '# What a forecast assumes. Leave out what you do not want to change; a name that does not exist is an error.',
  ];
  let section = '';
  for (const name of assumptionNames) {
    const row = assumptionRows[name];
    if (row.section !== section) {
      section = row.section;
      lines.push('', `[${section}]`);
      if (section === 'flood') {
        const zones = assumptions.floodZones.map((zone) => `  ${JSON.stringify(zone)},`);
        lines.push(
          '# Cities that one flood reaches, by river (a simplification, no official map); any other city is a zone of its own.',
        );
        lines.push('zones = [', ...zones, ']');
      }
    }
    lines.push(`# ${row.what.en}. ${row.source.en}`, `${row.key} = ${assumptions[name]}`);
  }
  return `${lines.join('\n')}\n`;
}

function pathOf(name: AssumptionName): string {
  const { section, key } = assumptionRows[name];
  return `${section}.${key}`;
}

function read(text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw malformed(`line ${error.line}: ${error.message.split('\n')[0]}`);
  }
}

/** Faults (usage): ASSUMPTIONS_MALFORMED when the value is none that the file could say. */
export function assumptionFrom(name: AssumptionName, value: unknown): number {
  const { min, max } = assumptionRows[name];
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= min && number <= max))
    throw malformed(`${pathOf(name)} should be a number from ${min} to ${max}`);
  return number;
}

function zonesOf(value: unknown): readonly (readonly string[])[] {
  const zones = Array.isArray(value) ? (value as unknown[]) : [];
  const whole = zones.every((zone) => Array.isArray(zone) && zone.every((city) => typeof city === 'string'));
  if (!Array.isArray(value) || zones.length > ZONES_MAX || !whole)
    throw malformed('flood.zones should be a list of lists of cities, such as [["Metz", "Thionville"]]');
  const cities = zones.flat();
  const twice = cities.find((city, at) => cities.indexOf(city) !== at);
  if (twice !== undefined) throw malformed(`flood.zones names ${twice} twice`);
  return zones;
}

function unknown(path: string, paths: readonly string[]): Fault {
  const near = nearestName(path, paths);
  return malformed(`${path} is no assumption${near === undefined ? '' : `; did you mean ${near}?`}`);
}

function malformed(problem: string): Fault {
  return new Fault('usage', 'ASSUMPTIONS_MALFORMED', `the assumptions cannot be read: ${problem}`, {
    problem,
  });
}
