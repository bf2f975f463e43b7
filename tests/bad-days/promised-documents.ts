// What scripts outside the project rely on: for each verb a command line and the document that --json prints for it,
// field by field, over a vault that has just been given three files.

import { expect } from 'vitest';
import type { Json } from '../support/command.ts';

const number = expect.any(Number);
export const text = expect.any(String);
export const hex = (bytes: number) => expect.stringMatching(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const list = (shape: object) => ({ asymmetricMatch: (got: Json) => isListOf(got, shape) });

function isListOf(got: Json, shape: object): boolean {
  expect(Array.isArray(got) && got.length > 0).toBe(true);
  for (const one of got) expect(one).toEqual(shape);
  return true;
}

export type Promised = readonly [verb: string, argv: () => readonly string[], document: object];

/** To be run in this order: the last one removes two of the files. */
export function promisedDocuments(of: {
  readonly source: () => string;
  readonly network: () => string;
  readonly out: () => string;
}): readonly Promised[] {
  const put = {
    objects: list({ path: text, size: number, sha256: hex(32), segments: 1, unchanged: false }),
    bytes: 3_000_006,
    storedBytes: number,
    seconds: number,
    problems: [],
  };
  const listed = list({ path: text, kind: 'file', size: number, modified: text, version: hex(16) });
  return [
    ['put', () => ['put', of.source()], put],
    ['ls', () => ['ls', 'files/a'], { objects: listed }],
    [
      'get',
      () => ['get', 'files', of.out()],
      {
        objects: list({ path: text, size: number, sha256: hex(32) }),
        bytes: 3_000_006,
        seconds: number,
        problems: [],
      },
    ],
    [
      'where',
      () => ['where', 'files/large'],
      {
        path: 'files/large',
        segments: list({
          id: hex(32),
          code: 'rs',
          k: 2,
          m: 1,
          fragments: list({
            index: number,
            daemon: hex(16),
            hoster: text,
            // The one without room is not among them.
            site: expect.stringMatching(/^(strasbourg|metz|nancy)$/),
            root: hex(32),
            by: 'place',
            gone: false,
            live: true,
          }),
        }),
        survives: { sites: 1 },
      },
    ],
    ['verify', () => ['verify', '--deep'], { ok: true, objects: 3, problems: [] }],
    [
      'vault status',
      () => ['vault', 'status'],
      {
        vault: hex(32),
        agency: text,
        objects: 3,
        bytes: 3_000_006,
        storedBytes: number,
        segments: number,
        worstMargin: 1,
        lastCertified: text,
        quotaBytes: number,
        daemonsUp: 4,
        daemons: 4,
      },
    ],
    [
      'ledger verify',
      () => ['ledger', 'verify'],
      expect.objectContaining({ ok: true, logs: 1, entries: number, certified: number, problems: [] }),
    ],
    [
      'network status',
      () => ['network', 'status', of.network()],
      expect.objectContaining({
        summary: expect.stringMatching(/^no data lost; worst margin 1 site/),
        worstMargin: 1,
        daemons: list(
          expect.objectContaining({
            id: hex(16),
            hoster: text,
            site: text,
            pid: number,
            alive: true,
            address: text,
            fragments: number,
            bytes: number,
          }),
        ),
      }),
    ],
    [
      'charter show',
      () => ['charter', 'show', '--network', of.network()],
      expect.objectContaining({
        root: text,
        version: 2,
        hosters: list(expect.anything()),
        sites: expect.anything(),
      }),
    ],
    [
      'rm',
      () => ['rm', 'files/a'],
      {
        objects: list({ path: text, size: 3, modified: text, version: hex(16) }),
        undoUntil: text,
        claimsReleased: number,
        retainedUntil: expect.toSatisfy((until) => until === null || typeof until === 'string'),
        mayRelease: true,
      },
    ],
  ];
}
