// What a scenario file may say, key by key, with its bounds: the form it has as TOML, and how each value becomes ours.
// What values have to do with each other is `scenario-rules`; the words for mistakes are `scenario-file`.

import { MAINTENANCE_MS_MAX, slugPattern } from '@vauban/core';
import { DURATION_EXAMPLE, parseDuration } from '@vauban/fleet';
import * as v from 'valibot';
import { deeds } from './scenario.ts';

const DAY_MS = 86_400_000;
/** A drill is watched by people: nobody sits through more. */
const WATCHED_MS_MAX = DAY_MS;
const WAIT_MS_MAX = 7 * DAY_MS;
/** A message that is later than this is lost anyway: requests have their deadlines. */
const DELAY_MS_MAX = 60_000;
const TITLE_MAX = 120;
const STORY_MAX = 2_000;
/** As many as a local network has at most, several times over. */
const STEP_SITES_MAX = 100;
const STEPS_MAX = 100;
const SITES_MAX = 255;
const FILES_MAX = 10_000;
const FILE_BYTES_MAX = 100_000_000_000;
/** Readers or writers side by side in the one process that runs the drill. */
const WORKERS_MAX = 64;

const sizeUnits: { readonly [unit: string]: number } = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** NaN when it is none. */
function parseSize(text: string): number {
  const [, number, unit = ''] = /^([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const bytes = Number(number) * (sizeUnits[unit] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

const text = (lengthMax: number) =>
  v.pipe(
    v.string('should be a text in quotes'),
    v.trim(),
    v.check(
      (one) => one.length >= 1 && one.length <= lengthMax,
      `should be a text of 1 to ${lengthMax} characters`,
    ),
    v.check((one) => !/[\p{Cc}--\n]/v.test(one), 'should be plain text'),
  );
const words = (lengthMax: number) => v.strictObject({ en: text(lengthMax), fr: text(lengthMax) });

const count = (min: number, max: number) =>
  v.pipe(
    v.number(`should be a whole number from ${min} to ${max}`),
    v.check(
      (one) => Number.isSafeInteger(one) && one >= min && one <= max,
      `should be a whole number from ${min} to ${max}`,
    ),
  );

/** `0s` is a duration where `min` is 0. */
const duration = (min: number, max: number) =>
  v.pipe(
    v.string(`should be ${DURATION_EXAMPLE}, in quotes`),
    v.transform((one) => (/^0 ?(?:d|h|min|s|ms)$/.test(one) ? 0 : (parseDuration(one) ?? Number.NaN))),
    v.number(`should be ${DURATION_EXAMPLE}`),
    v.check((ms) => ms >= min && ms <= max, `should be from ${min} ms to ${max} ms`),
  );

const size = (max: number) =>
  v.pipe(
    v.string('should be a size in quotes, such as "2MB"'),
    v.transform(parseSize),
    v.number('should be a size such as "500kB", "2MB" or "16MiB"'),
    v.check((bytes) => bytes >= 1 && bytes <= max, `should be from 1 to ${max} bytes`),
  );

const site = v.pipe(
  v.string('should be a text in quotes'),
  v.check(
    (one) => slugPattern.test(one) || /^@(?:[1-9][0-9]{0,2}|voting|all)$/.test(one),
    'should be the id of a site, @1, @2, …, @voting or @all',
  ),
);

const step = v.strictObject({
  after: v.optional(duration(0, WAIT_MS_MAX)),
  once: v.optional(v.picklist(['repairing', 'healed'], 'should be "repairing" or "healed"')),
  do: v.picklist(deeds, `should be one of ${deeds.join(', ')}`),
  sites: v.optional(
    v.pipe(
      v.array(site, 'should be a list, such as ["@1"]'),
      v.check((all) => all.length <= STEP_SITES_MAX, `should be a list of at most ${STEP_SITES_MAX} sites`),
      v.check((all) => new Set(all).size === all.length, 'should name no site twice'),
    ),
    [],
  ),
  share: v.optional(
    v.pipe(
      v.number('should be a number above 0 and at most 1'),
      v.check((one) => one > 0 && one <= 1, 'should be a number above 0 and at most 1'),
    ),
  ),
  delay: v.optional(duration(0, DELAY_MS_MAX)),
  for: v.optional(duration(1, MAINTENANCE_MS_MAX)),
});

export const scenarioSchema = v.strictObject({
  name: v.pipe(
    v.string('should be a text in quotes'),
    v.regex(slugPattern, 'should be a name of lower-case letters, digits and hyphens'),
  ),
  title: words(TITLE_MAX),
  story: words(STORY_MAX),
  sabotage: v.optional(v.boolean('should be true or false'), false),
  /** The ledger's entry of a drill has room for 0 to 255. */
  'abort-below': v.optional(count(0, 255)),
  healthy: duration(1_000, WATCHED_MS_MAX),
  'heal-within': duration(1_000, WAIT_MS_MAX),
  'full-margin': duration(1_000, WATCHED_MS_MAX),
  network: v.strictObject({
    sites: count(3, SITES_MAX),
    k: count(2, SITES_MAX),
    m: count(1, SITES_MAX),
  }),
  /** Names and values as in the charter's text: `durationsFrom` reads them. */
  durations: v.optional(v.record(v.string(), v.string('should be a duration in quotes')), {}),
  workload: v.strictObject({
    files: count(1, FILES_MAX),
    'bytes-each': size(FILE_BYTES_MAX),
    readers: count(1, WORKERS_MAX),
    // One device writes one log: its puts come one after another.
    writers: count(1, 1),
    'write-bytes': size(FILE_BYTES_MAX),
  }),
  steps: v.pipe(
    v.array(step, 'should be steps, each under a line [[steps]]'),
    v.check((all) => all.length >= 1 && all.length <= STEPS_MAX, `should be 1 to ${STEPS_MAX} steps`),
  ),
});

export type ScenarioText = v.InferOutput<typeof scenarioSchema>;
export type StepText = ScenarioText['steps'][number];
