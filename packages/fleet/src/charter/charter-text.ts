// The charter as officers edit it: TOML with every field a person decides, names with hyphens, keys in hex, times as
// dates, waiting times with their unit, places in degrees. Number, dates, epoch and voting keys are filled in by the desk.

import {
  asFault,
  type Charter,
  decodeCharter,
  type Durations,
  encodeCharter,
  Fault,
  fromHex,
  isFault,
  toHex,
} from '@vauban/core';
import { parse, stringify, TomlDate, TomlError } from 'smol-toml';
import { durationNames, durationRows, readDuration } from './durations-text.ts';

/** What a person decides of a charter. */
export type CharterDecisions = Omit<
  Charter,
  'format' | 'version' | 'previous' | 'issued' | 'expires' | 'epoch' | 'hosters'
> & { readonly hosters: readonly HosterDecisions[] };

type HosterDecisions = Omit<Charter['hosters'][number], 'votingKeys' | 'votingSince'>;

const times: ReadonlySet<string> = new Set(['validFrom', 'validUntil']);
const keys: ReadonlySet<string> = new Set(['key', 'identityKey', 'receiptKey', 'logKey', 'rootKey']);
const degrees: ReadonlySet<string> = new Set(['latitude', 'longitude']);
const MICRODEGREES = 1_000_000;
/** An empty list has no section in the text. */
const sections = ['officers', 'operators', 'hosters', 'sites', 'daemons', 'agencies', 'policies'] as const;

export function decisionsOf(charter: Charter): CharterDecisions {
  const { format: _f, version: _v, previous: _p, issued: _i, expires: _x, epoch: _e, ...rest } = charter;
  return {
    ...rest,
    hosters: charter.hosters.map(({ votingKeys: _k, votingSince: _s, ...hoster }) => hoster),
  };
}

/** The text of a version, which `parseCharterText` reads back to the same decisions. */
export function formatCharterText(charter: Charter): string {
  const header = [
    `# Charter ${charter.name}, as version ${charter.version} has it. Edit, then: vauban charter propose.`,
    '# A hoster votes through the daemon named as its voter; without that line it has no vote.',
    '# Voting keys, epoch, number and dates of the next version are filled in when it is proposed.',
  ];
  const text = toText('', decisionsOf(charter)) as object;
  const durations = Object.fromEntries(durationRows(charter.durations));
  return `${header.join('\n')}\n\n${stringify({ ...text, durations })}`;
}

/**
 * Reads a text back. Faults (usage): CHARTER_TEXT {line, column} where it is no TOML, {field} where a value is of
 * the wrong form. Whether the whole makes a valid charter is asked later, of the version it becomes.
 */
export function parseCharterText(text: string): CharterDecisions {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.split('\n');
    throw wrong(`line ${error.line}, column ${error.column}: ${what}`, {
      line: error.line,
      column: error.column,
    });
  }
  const { durations, ...others } = document as Record<string, unknown>;
  const fields = fromText('', others) as Record<string, unknown>;
  fields['durations'] = durationsFromText(durations);
  for (const name of sections) fields[name] ??= [];
  const hosters = Array.isArray(fields['hosters']) ? fields['hosters'] : [];
  return {
    ...fields,
    hosters: hosters.map((one: object) => ({ voter: null, ...one })),
  } as unknown as CharterDecisions;
}

/** Checks shape and rules of a composed version. Faults: CHARTER_TEXT (usage, shape), CHARTER_INVALID. */
export function checkComposed(charter: Charter): Charter {
  try {
    return decodeCharter(encodeCharter(charter));
  } catch (error) {
    if (!isFault(error, 'MALFORMED')) throw error;
    const told = error.facts['detail'];
    const detail = typeof told === 'string' ? told : error.message;
    throw wrong(hyphenated(detail), { field: detail.split(':')[0] ?? '' });
  }
}

/** Every one has to be there: one that is left out would be changed without a word. */
function durationsFromText(section: unknown): Durations {
  const facts = { field: 'durations' };
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    throw wrong('it has no section [durations]: charter show --toml shows how the present one reads', facts);
  }
  const missing = durationNames.filter((name) => !Object.hasOwn(section, name));
  if (missing.length > 0) throw wrong(`[durations] lacks ${missing.join(', ')}`, facts);
  try {
    return Object.fromEntries(
      Object.entries(section).map(([name, value]) => readDuration(name, value)),
    ) as unknown as Durations;
  } catch (error) {
    const fault = asFault(error);
    const { name } = fault.facts;
    throw wrong(`durations: ${fault.message}`, {
      field: typeof name === 'string' ? `durations.${name}` : 'durations',
    });
  }
}

function toText(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((one) => toText(name, one));
  if (typeof value === 'number' && times.has(name)) return new TomlDate(new Date(value));
  if (typeof value === 'number' && degrees.has(name)) return value / MICRODEGREES;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [hyphenated(key), toText(key, one)]),
  );
}

function fromText(name: string, value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map((one) => fromText(name, one));
  if (typeof value === 'string' && keys.has(name)) {
    const bytes = fromHex(value);
    if (bytes?.length === 32) return bytes;
    throw wrong(`${hyphenated(name)} should be 64 hexadecimal digits, and is "${value.slice(0, 80)}"`, {
      field: hyphenated(name),
    });
  }
  if (typeof value === 'number' && degrees.has(name)) return Math.round(value * MICRODEGREES);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [camel(key), fromText(camel(key), one)]),
  );
}

/** Where the charter's own field says too little to a person. */
const plainNames: Readonly<Record<string, string>> = { f: 'hosters-lying' };

function hyphenated(name: string): string {
  const plain = plainNames[name];
  if (plain !== undefined) return plain;
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function camel(name: string): string {
  const [field] = Object.entries(plainNames).find(([, plain]) => plain === name) ?? [];
  if (field !== undefined) return field;
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function wrong(detail: string, facts: Fault['facts']): Fault {
  return new Fault('usage', 'CHARTER_TEXT', `the charter's text cannot be used: ${detail}`, facts);
}
