// Schemas of the network as one daemon knows it, for the OpenAPI document.

import { siteStates } from './network/network-view.ts';

const count = { type: 'integer', minimum: 0 } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const number = { type: 'number' } as const;
const time = { type: 'integer', minimum: 0, description: 'Milliseconds since 1970-01-01 UTC.' } as const;
const perhaps = <Type extends string>(type: Type, description: string) => ({
  type: [type, 'null'] as const,
  description,
});
const counts = (description: string) => ({ type: 'object', additionalProperties: count, description });
const to = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: object) => ({ type: 'array', items });

/** An object with all of these and nothing else. */
const exactly = <Properties extends object>(properties: Properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

export const networkSchemas = {
  Words: exactly({ en: text, fr: text }),
  Risk: exactly({
    level: { enum: ['none', 'reduced', 'critical', 'unreadable', 'unknown'] },
    line: to('Words'),
    doing: to('Words'),
    unknown: { ...listOf(to('Words')), description: 'What is not known here, and so may be otherwise.' },
  }),
  SiteView: exactly({
    id: text,
    city: text,
    hoster: text,
    hosterName: text,
    latitude: number,
    longitude: number,
    state: { enum: siteStates },
    declaredLost: flag,
    silentMs: perhaps('integer', 'For how long, in milliseconds; null when it is not, or nobody knows.'),
    fragments: perhaps('integer', 'That the ledger places there; null until they were counted.'),
    freeBytes: perhaps('integer', 'As its daemons said last.'),
    maintenanceUntil: perhaps('integer', 'Milliseconds since 1970-01-01 UTC.'),
    daemons: count,
    answering: count,
    suspectFragments: { ...count, description: 'That failed an audit of this daemon once.' },
    degradedFragments: { ...count, description: 'That failed it twice.' },
  }),
  NetworkView: exactly({
    format: { const: 'vauban/network-view/0' },
    at: time,
    answers: { ...count, description: 'Daemons whose own word is in here.' },
    daemons: { ...count, description: 'Daemons of the charter.' },
    risk: to('Risk'),
    seenBy: exactly({
      daemon: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      hoster: text,
      site: text,
      mode: { enum: ['starting', 'serving', 'read-only', 'draining', 'drained'] },
      readOnly: perhaps('string', 'Why it changes nothing.'),
      behind: perhaps('string', 'Why its copy of the ledger may be old or damaged.'),
      diskFailed: flag,
      startedAt: time,
    }),
    charter: exactly({
      name: text,
      version: count,
      expires: time,
      suspectAfterMs: count,
      lostAfterMs: count,
    }),
    hosters: exactly({ heard: count, all: count, needed: count, quorum: flag }),
    margin: exactly({
      segments: count,
      worst: perhaps('integer', 'Sites that may still be lost, for the worst segment; -1: unreadable.'),
      promised: perhaps('integer', 'Sites that the policy of that segment promises.'),
      bySites: counts('Segments by the sites that may still be lost.'),
      below: { ...count, description: 'Segments that survive fewer lost sites than promised.' },
      unreadable: { ...count, description: 'Segments with too few fragments on sites that answer.' },
      short: { ...count, description: 'Segments that lack fragments.' },
      countedAt: perhaps('integer', 'Milliseconds since 1970-01-01 UTC; null while nothing was counted.'),
    }),
    repair: exactly({
      paused: flag,
      segments: { ...count, description: 'Those this daemon is first in line for.' },
      bytes: count,
      etaSeconds: perhaps('integer', 'Null while nothing tells how fast it goes.'),
      doneSegments: count,
      doneBytes: count,
      rateByLink: counts('Bytes a second of late, by site.'),
      homeless: { ...count, description: 'Segments that no site may or can take a fragment of.' },
    }),
    sites: listOf(to('SiteView')),
    audits: exactly({
      passed: count,
      failed: count,
      unanswered: count,
      roundStartedAt: time,
      coveredFragments: count,
      totalFragments: count,
      last: listOf(exactly({ time, by: text, of: text, challenged: count, failed: count, degraded: count })),
    }),
    ledger: exactly({
      logs: count,
      entries: count,
      certified: count,
      heads: listOf(
        exactly({
          origin: text,
          writer: { enum: ['agency', 'daemon', 'operator', 'unknown'] },
          name: text,
          entries: count,
          certified: count,
          storedAt: time,
        }),
      ),
    }),
    maintenance: listOf(exactly({ site: text, city: text, until: time })),
    drills: listOf(exactly({ scenario: text, since: time })),
    wants: listOf(to('Said')),
  }),
} as const;
