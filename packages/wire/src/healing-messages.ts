// The small messages by which a network heals itself: who is there, who holds what, how far repair is. Schemas only; they
// are part of `messages`.

import { SHARDS_MAX, shape } from '@vauban/core';
import * as v from 'valibot';

/** Segments in one question for holders: a page of a repair's queue. */
export const HOLDERS_SEGMENTS_MAX = 256;
/** Holders named per segment: more than shards, for fragments that lie in two places; as many as fit a message. */
export const HOLDERS_MAX = 400;
/** Margins run from m down to what is past saving, sites to what a charter lists. */
const MARGINS_MAX = 2 * SHARDS_MAX;
const SITES_MAX = 1_000;

const daemon = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'expected a daemon id'));

export const healingRequests = [
  /** Between daemons: are you there, and do you take fragments? */
  v.strictObject({ ask: v.literal('ping') }),
  /** Who holds these segments' fragments now. Hints: whoever reads a fragment checks it against its root. */
  v.strictObject({
    ask: v.literal('holders'),
    segments: v.pipe(v.array(shape.bytes(32)), v.maxLength(HOLDERS_SEGMENTS_MAX)),
  }),
  v.strictObject({ ask: v.literal('healing') }),
  v.strictObject({ ask: v.literal('repair-pause'), paused: v.boolean() }),
] as const;

/** Etas are in seconds, null while nothing is known to go by. */
export const healingAnswers = {
  ping: v.strictObject({
    /** Whether a new fragment would be taken in now. */
    takes: v.boolean(),
    readOnly: v.boolean(),
    draining: v.boolean(),
    /** What it would still take. */
    freeBytes: shape.count(),
    voting: v.boolean(),
  }),
  /** In the order they were asked for; a segment that is not known has no holders. */
  holders: v.strictObject({
    segments: v.pipe(
      v.array(
        v.strictObject({
          segment: shape.bytes(32),
          /** Index and daemon. */
          holders: v.pipe(
            v.array(v.strictTuple([shape.count(SHARDS_MAX), daemon])),
            v.maxLength(HOLDERS_MAX),
          ),
        }),
      ),
      v.maxLength(HOLDERS_SEGMENTS_MAX),
    ),
  }),
  healing: v.strictObject({
    paused: v.boolean(),
    segmentsToRepair: shape.count(),
    /** Segments by their margin now, a whole number as text. */
    byMargin: v.pipe(
      v.record(v.pipe(v.string(), v.regex(/^(0|-?[1-9][0-9]{0,2})$/, 'expected a margin')), shape.count()),
      v.maxEntries(MARGINS_MAX),
    ),
    bytesToGo: shape.count(),
    /** Bytes a second now, by the site they come from. */
    rateByLink: v.pipe(v.record(shape.text(40), shape.count()), v.maxEntries(SITES_MAX)),
    etaSeconds: v.nullable(shape.count()),
    /** Since this daemon was started. */
    doneSegments: shape.count(),
    doneBytes: shape.count(),
    /** This daemon is being emptied. */
    leaving: v.nullable(
      v.strictObject({
        fragmentsLeft: shape.count(),
        bytesLeft: shape.count(),
        etaSeconds: v.nullable(shape.count()),
        safeToStop: v.boolean(),
      }),
    ),
    /** Why it changes nothing, for a person; null when it may. */
    readOnly: v.nullable(shape.text(200)),
  }),
  'repair-pause': v.strictObject({ paused: v.boolean() }),
} as const;
