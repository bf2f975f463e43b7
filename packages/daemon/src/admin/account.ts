// The account of a daemon: bytes per agency as the ledger, the index and the disk have them, and what makes them differ,
// down to the byte. Counts while the daemon works on, so what moves meanwhile may stay unexplained, and then says so.

import { compareBytes, type DaemonId, type Files } from '@vauban/core';
import {
  directoryOf,
  fileBytes,
  type FragmentFacts,
  type FragmentKey,
  FRAGMENTS_DIRECTORY,
  keyOfName,
  keyText,
  pathOf,
  TEMPORARY_SUFFIX,
} from '../fragment-file.ts';
import type { FragmentTotals } from '../fragment-totals.ts';
import type { Account, AccountRow, Difference } from './account-file.ts';
import type { Holding } from './ledger-holdings.ts';

export interface AccountPorts {
  readonly daemon: DaemonId;
  readonly hoster: string;
  readonly site: string;
  readonly charter: { readonly name: string; readonly version: number };
  readonly files: Files;
  readonly index: {
    totals(): FragmentTotals;
    list(
      after: FragmentKey | undefined,
      limit: number,
      corrupt: () => void,
    ): AsyncIterable<[FragmentKey, FragmentFacts]>;
    readonly missing: readonly FragmentKey[];
  };
  /** By ascending segment id. */
  readonly holdings: () => AsyncIterable<Holding>;
  readonly holdingOf: (segment: Uint8Array) => Promise<Holding | undefined>;
  readonly now: () => number;
}

/** Why the index has more or less than the ledger. */
export const ledgerReasons = {
  'never-placed': 'uploaded, named by no certified claim',
  'custody-pending': 'rebuilt here, custody not yet certified',
  'given-up': 'given up by its own log, not yet erased',
  'lost-uncertified': 'found gone, loss not yet certified',
  'not-here': 'lost or being repaired: named by the ledger, not here',
  'other-agency': 'kept for another agency than the one that claims it',
  unexplained: 'moved while counting, or wrong: count again',
} as const;

/** Why the disk has more or less than the index. */
export const diskReasons = {
  'leaf-hashes-and-trailers': 'hashes and trailers of the files',
  'file-missing': 'in the index, its file gone',
  'file-length': 'files of a wrong length',
  'not-in-index': 'whole files that the index does not name',
  'uploads-under-way': 'temporary files of uploads',
  'stray-files': 'files that are no fragments',
  'disk-allocation': 'rounding by the file system',
  unexplained: 'moved while counting, or wrong: count again',
} as const;

type LedgerReason = Exclude<keyof typeof ledgerReasons, 'unexplained'>;
type DiskReason = Exclude<keyof typeof diskReasons, 'unexplained'>;

/** What nobody's claim or row names is in a row of nobody. */
const NOBODY = '';
/** Rows read at once: nothing is held open while the ledger and the files are looked at. */
const PAGE_ROWS = 500;

class Sums {
  fragments = 0;
  ledgerBytes = 0;
  releasedBytes = 0;
  fileBytes = 0;
  allocatedBytes = 0;
  readonly ledger = new Map<LedgerReason, { fragments: number; bytes: number }>();
  readonly disk = new Map<DiskReason, { fragments: number; bytes: number }>();
}

type Book = Map<string, Sums>;

function sumsOf(book: Book, agency: string): Sums {
  const sums = book.get(agency) ?? new Sums();
  book.set(agency, sums);
  return sums;
}

function because<Reason>(
  why: Map<Reason, { fragments: number; bytes: number }>,
  reason: Reason,
  bytes: number,
): void {
  const before = why.get(reason) ?? { fragments: 0, bytes: 0 };
  why.set(reason, { fragments: before.fragments + 1, bytes: before.bytes + bytes });
}

/** Counts everything: as long as it takes to read the index twice, and the length of every file. `month` as 2026-03. */
export async function drawUp(ports: AccountPorts, month: string): Promise<Account> {
  const book: Book = new Map();
  const from = ports.now();
  await countLedger(ports, book);
  await countDisk(ports, book);
  const { byAgency } = ports.index.totals();
  for (const agency of byAgency.keys()) sumsOf(book, agency);
  return {
    format: 'vauban/account/0',
    charter: ports.charter.name,
    charterVersion: ports.charter.version,
    daemon: ports.daemon,
    hoster: ports.hoster,
    site: ports.site,
    month,
    from,
    to: ports.now(),
    rows: [...book]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([agency, sums]) => rowOf(agency, sums, byAgency.get(agency) ?? 0)),
  };
}

function rowOf(agency: string, sums: Sums, indexBytes: number): AccountRow {
  const { fragments, ledgerBytes, releasedBytes, allocatedBytes } = sums;
  const rounding = allocatedBytes - sums.fileBytes;
  const disk: [string, { fragments: number; bytes: number }][] = [...sums.disk];
  if (rounding !== 0) disk.push(['disk-allocation', { fragments: 0, bytes: rounding }]);
  return {
    agency,
    fragments,
    ledgerBytes,
    releasedBytes,
    indexBytes,
    fileBytes: sums.fileBytes,
    allocatedBytes,
    differences: [
      ...explained('ledger-index', indexBytes - ledgerBytes, [...sums.ledger], Object.keys(ledgerReasons)),
      ...explained('index-disk', allocatedBytes - indexBytes, disk, Object.keys(diskReasons)),
    ],
  };
}

/** The reasons in their order, and what they leave over. */
function explained(
  between: Difference['between'],
  bytes: number,
  why: readonly (readonly [string, { readonly fragments: number; readonly bytes: number }])[],
  order: readonly string[],
): Difference[] {
  const left = bytes - why.reduce((sum, [, of]) => sum + of.bytes, 0);
  const all = left === 0 ? why : [...why, ['unexplained', { fragments: 0, bytes: left }] as const];
  return [...all]
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([reason, of]) => ({ between, reason, ...of }));
}

/** Walks ledger and index side by side, both by ascending segment. */
async function countLedger(ports: AccountPorts, book: Book): Promise<void> {
  const missing = new Set(ports.index.missing.map(keyText));
  const rows = bySegment(indexRows(ports))[Symbol.asyncIterator]();
  let next = await rows.next();
  for await (const holding of ports.holdings()) {
    while (next.done !== true && compareBytes(next.value.segment, holding.segment) < 0) {
      await countUnnamed(ports, book, next.value);
      next = await rows.next();
    }
    const same = next.done !== true && compareBytes(next.value.segment, holding.segment) === 0;
    countSegment(book, { holding, missing, rows: same ? (next.value as SegmentRows).rows : [] });
    if (same) next = await rows.next();
  }
  for (; next.done !== true; next = await rows.next()) await countUnnamed(ports, book, next.value);
}

interface SegmentRows {
  readonly segment: Uint8Array;
  readonly rows: readonly (readonly [FragmentKey, FragmentFacts])[];
}

/** Rows of a segment of which the ledger does not name this daemon, or did not when the walk began. */
async function countUnnamed(ports: AccountPorts, book: Book, { segment, rows }: SegmentRows): Promise<void> {
  const holding = await ports.holdingOf(segment);
  if (holding !== undefined) return countSegment(book, { holding, missing: new Set(), rows });
  for (const [, { agency, bytes }] of rows) because(sumsOf(book, agency).ledger, 'never-placed', bytes);
}

function countSegment(
  book: Book,
  of: {
    readonly holding: Holding;
    readonly missing: ReadonlySet<string>;
    readonly rows: SegmentRows['rows'];
  },
): void {
  const { segment, held, givenUp, bytes, agency = NOBODY, released } = of.holding;
  const claimed = sumsOf(book, agency);
  claimed.fragments += held.size;
  claimed.ledgerBytes += held.size * bytes;
  if (released) claimed.releasedBytes += held.size * bytes;
  const here = new Set<number>();
  for (const [{ index }, row] of of.rows) {
    here.add(index);
    const kept = sumsOf(book, row.agency).ledger;
    if (!held.has(index)) {
      because(
        kept,
        givenUp.has(index) ? 'given-up' : agency === NOBODY ? 'never-placed' : 'custody-pending',
        row.bytes,
      );
    } else if (row.agency !== agency) {
      because(claimed.ledger, 'other-agency', -bytes);
      because(kept, 'other-agency', row.bytes);
    }
  }
  for (const index of held) {
    if (here.has(index)) continue;
    const known = of.missing.has(keyText({ segment, index }));
    because(claimed.ledger, known ? 'lost-uncertified' : 'not-here', -bytes);
  }
}

/** Compares one directory at a time: its files, and the rows of the index that should be in it. */
async function countDisk(ports: AccountPorts, book: Book): Promise<void> {
  const rows = bySegment(indexRows(ports))[Symbol.asyncIterator]();
  let next = await rows.next();
  for (const digits of await ports.files.list(FRAGMENTS_DIRECTORY)) {
    const directory = `${FRAGMENTS_DIRECTORY}/${digits}`;
    const names = new Set(await ports.files.list(directory));
    while (next.done !== true && directoryOf(next.value.segment) <= directory) {
      for (const [key, facts] of next.value.rows) {
        const path = pathOf(key);
        names.delete(path.slice(directory.length + 1));
        await countFile(ports, sumsOf(book, facts.agency), { path, bytes: facts.bytes });
      }
      next = await rows.next();
    }
    for (const name of names) await countOther(ports, sumsOf(book, NOBODY), `${directory}/${name}`);
  }
  for (; next.done !== true; next = await rows.next()) {
    for (const [, { agency, bytes }] of next.value.rows)
      because(sumsOf(book, agency).disk, 'file-missing', -bytes);
  }
}

async function countFile(
  { files }: AccountPorts,
  sums: Sums,
  of: { readonly path: string; readonly bytes: number },
): Promise<void> {
  const found = await files.stat(of.path);
  if (found === undefined) {
    because(sums.disk, 'file-missing', -of.bytes);
    return;
  }
  sums.fileBytes += found.bytes;
  sums.allocatedBytes += found.allocatedBytes;
  because(sums.disk, 'leaf-hashes-and-trailers', fileBytes(of.bytes) - of.bytes);
  if (found.bytes !== fileBytes(of.bytes))
    because(sums.disk, 'file-length', found.bytes - fileBytes(of.bytes));
}

async function countOther({ files }: AccountPorts, sums: Sums, path: string): Promise<void> {
  const found = await files.stat(path);
  if (found === undefined) return;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const reason = name.endsWith(TEMPORARY_SUFFIX)
    ? 'uploads-under-way'
    : keyOfName(name) === undefined
      ? 'stray-files'
      : 'not-in-index';
  sums.fileBytes += found.bytes;
  sums.allocatedBytes += found.allocatedBytes;
  because(sums.disk, reason, found.bytes);
}

async function* indexRows({ index }: AccountPorts): AsyncGenerator<readonly [FragmentKey, FragmentFacts]> {
  let after: FragmentKey | undefined;
  for (;;) {
    const page: [FragmentKey, FragmentFacts][] = [];
    // A corrupt row is written again by scrubbing; until then its file counts as one that the index does not name.
    for await (const row of index.list(after, PAGE_ROWS, () => undefined)) page.push(row);
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.[0];
  }
}

async function* bySegment(
  rows: AsyncIterable<readonly [FragmentKey, FragmentFacts]>,
): AsyncGenerator<SegmentRows> {
  let together: (readonly [FragmentKey, FragmentFacts])[] = [];
  for await (const row of rows) {
    const [first] = together;
    if (first !== undefined && compareBytes(first[0].segment, row[0].segment) !== 0) {
      yield { segment: first[0].segment, rows: together };
      together = [];
    }
    together.push(row);
  }
  const [first] = together;
  if (first !== undefined) yield { segment: first[0].segment, rows: together };
}
