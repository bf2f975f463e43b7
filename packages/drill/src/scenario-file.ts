// Reads a scenario from the bytes of its TOML file, strictly: an unknown key is a mistake, told with the keys there are.
// The digest of these very bytes goes into the ledger and the report, so that everybody knows which scenario it was.

import { type Crypto, Fault, fromUtf8, nearestName, toHex } from '@vauban/core';
import { durationsFrom } from '@vauban/fleet';
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import type { Scenario } from './scenario.ts';
import { problemOf, stepOf } from './scenario-rules.ts';
import { words } from './words.ts';
import { type ScenarioText, scenarioSchema } from './scenario-schema.ts';

export const SCENARIO_BYTES_MAX = 65_536;

export interface ScenarioFile {
  readonly scenario: Scenario;
  /** SHA-256 of the file's bytes, hex. */
  readonly digest: string;
}

/**
 * `name` only names the file in messages. Faults (usage): SCENARIO_LONG {bytes, bytesMax}, SCENARIO_SYNTAX {line, column},
 * SCENARIO_UNKNOWN_KEY {key, known, nearest}, SCENARIO_MISSING_KEY {key}, SCENARIO_VALUE {key}, and those of the charter's durations:
 * DURATION_UNKNOWN {name, known}, DURATION_MALFORMED {name, value}, DURATION_ORDER.
 */
export function readScenario(crypto: Crypto, bytes: Uint8Array, name: string): ScenarioFile {
  if (bytes.length > SCENARIO_BYTES_MAX) {
    const message = `${name} has ${bytes.length} bytes; a scenario has at most ${SCENARIO_BYTES_MAX}`;
    throw new Fault('usage', 'SCENARIO_LONG', message, { bytes: bytes.length, bytesMax: SCENARIO_BYTES_MAX });
  }
  const table = tableOf(bytes, name);
  checkKeys(table, scenarioSchema, { name, path: '' });
  const read = v.safeParse(scenarioSchema, table, { abortEarly: true });
  if (!read.success) throw wrongValue(read.issues[0], name);
  const problem = problemOf(read.output);
  if (problem !== undefined) throw wrong(name, problem.key, problem.says);
  return { scenario: scenarioOf(read.output), digest: toHex(crypto.sha256(bytes)) };
}

function tableOf(bytes: Uint8Array, name: string): object {
  try {
    return parse(fromUtf8(bytes));
  } catch (error) {
    const [line, column, what] =
      error instanceof TomlError
        ? [error.line, error.column, error.message.split('\n')[0] ?? '']
        : [1, 1, 'it is not UTF-8 text'];
    const message = `${name}, line ${line}, column ${column}: ${what}`;
    throw new Fault('usage', 'SCENARIO_SYNTAX', message, { line, column });
  }
}

function scenarioOf(read: ScenarioText): Scenario {
  const { name, title, story, sabotage, network, workload } = read;
  return {
    name,
    title: words(title.en, title.fr),
    story: words(story.en, story.fr),
    network,
    durations: durationsFrom(Object.entries(read.durations)),
    workload: {
      files: workload.files,
      bytesEach: workload['bytes-each'],
      readers: workload.readers,
      writers: workload.writers,
      writeBytes: workload['write-bytes'],
    },
    abortBelow: read['abort-below'] ?? null,
    healthyMs: read.healthy,
    steps: read.steps.map(stepOf),
    healWithinMs: read['heal-within'],
    fullMarginMs: read['full-margin'],
    sabotage,
  };
}

interface Where {
  readonly name: string;
  /** Ends with a dot, unless it is empty. */
  readonly path: string;
}

/** Everything that is there must be known, at every depth; whatever is not of the right form is `safeParse`'s to tell. */
function checkKeys(value: unknown, schema: unknown, { name, path }: Where): void {
  const { entries, item, wrapped } = innerOf(schema);
  if (wrapped !== undefined) return checkKeys(value, wrapped, { name, path });
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries())
      checkKeys(one, item, { name, path: `${path.slice(0, -1)}[${at + 1}].` });
    return;
  }
  if (entries === undefined || typeof value !== 'object' || value === null) return;
  const known = Object.keys(entries);
  for (const [key, one] of Object.entries(value)) {
    if (!Object.hasOwn(entries, key)) throw unknownKey({ name, path }, key, known);
    checkKeys(one, entries[key], { name, path: `${path}${key}.` });
  }
}

/** What a schema holds: entries of an object, the item of an array, or what a pipe or an option wraps. */
function innerOf(schema: unknown): {
  readonly entries?: { readonly [key: string]: unknown };
  readonly item?: unknown;
  readonly wrapped?: unknown;
} {
  if (typeof schema !== 'object' || schema === null) return {};
  const all = schema as { entries?: { readonly [key: string]: unknown }; item?: unknown; wrapped?: unknown };
  return {
    ...(all.entries !== undefined && { entries: all.entries }),
    ...(all.item !== undefined && { item: all.item }),
    ...(all.wrapped !== undefined && { wrapped: all.wrapped }),
  };
}

function unknownKey({ name, path }: Where, key: string, known: readonly string[]): Fault {
  const nearest = nearestName(key, known) ?? null;
  const meant = nearest === null ? '' : ` Did you mean ${nearest}?`;
  const message = `${name}: there is no ${path}${key.slice(0, 80)}.${meant} Here may stand: ${known.join(', ')}.`;
  return new Fault('usage', 'SCENARIO_UNKNOWN_KEY', message, { key: `${path}${key}`, known, nearest });
}

function wrongValue(issue: v.BaseIssue<unknown>, name: string): Fault {
  const key = (issue.path ?? []).reduce(
    (path, one) =>
      typeof one.key === 'number'
        ? `${path}[${one.key + 1}]`
        : `${path}${path === '' ? '' : '.'}${String(one.key)}`,
    '',
  );
  if (issue.input === undefined && issue.kind === 'schema') {
    const message = `${name}: ${key} is missing`;
    return new Fault('usage', 'SCENARIO_MISSING_KEY', message, { key });
  }
  return wrong(name, key, issue.message);
}

function wrong(name: string, key: string, says: string): Fault {
  return new Fault('usage', 'SCENARIO_VALUE', `${name}: ${key} ${says}`, { key });
}
