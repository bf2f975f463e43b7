// The account of a daemon as a table, and the reasons why its columns differ.

import { type Account, diskReasons, ledgerReasons } from '@vauban/daemon';
import { indented, table, time } from './output.ts';

const columns = [
  { title: 'agency' },
  { title: 'fragments', right: true },
  { title: 'ledger', right: true },
  { title: 'index', right: true },
  { title: 'on disk', right: true },
];
const reasonColumns = [{ title: '' }, { title: 'fragments', right: true }, { title: 'bytes', right: true }];
/** An agency's slug may be longer than the table bears. */
const NAME_MAX = 24;
const reasons: { readonly [reason: string]: string } = { ...ledgerReasons, ...diskReasons };

export function accountText(account: Account): string {
  const { site, hoster, month, rows, to } = account;
  const head = `${site} (${hoster}), ${month}, in bytes\nCounted ${time(to)}`;
  if (rows.length === 0) return `${head}\n\n${indented('It holds nothing.')}`;
  const lines = rows.map((row) => [
    name(row.agency),
    `${row.fragments}`,
    grouped(row.ledgerBytes),
    grouped(row.indexBytes),
    grouped(row.allocatedBytes),
  ]);
  const all = (of: (row: Account['rows'][number]) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const total = [
    'all',
    `${all((row) => row.fragments)}`,
    grouped(all((row) => row.ledgerBytes)),
    grouped(all((row) => row.indexBytes)),
    grouped(all((row) => row.allocatedBytes)),
  ];
  const released = all((row) => row.releasedBytes);
  return [
    head,
    '',
    table(columns, [...lines, total]),
    ...(released === 0
      ? []
      : ['', `Of these, ${grouped(released)} are released: erased once their grace is over.`]),
    ...between(account, 'ledger-index', 'From the ledger to the index'),
    ...between(account, 'index-disk', 'From the index to the disk'),
  ].join('\n');
}

/** One line per reason, over all agencies; the document has them by agency. */
function between(account: Account, which: 'ledger-index' | 'index-disk', title: string): string[] {
  const sums = new Map<string, { fragments: number; bytes: number }>();
  for (const row of account.rows) {
    for (const { between: of, reason, fragments, bytes } of row.differences) {
      if (of !== which) continue;
      const sum = sums.get(reason) ?? { fragments: 0, bytes: 0 };
      sums.set(reason, { fragments: sum.fragments + fragments, bytes: sum.bytes + bytes });
    }
  }
  if (sums.size === 0) return ['', `${title}: no difference`];
  const lines = [...sums].map(([reason, { fragments, bytes }]) => [
    reasons[reason] ?? reason,
    fragments === 0 ? '' : `${fragments}`,
    `${bytes > 0 ? '+' : ''}${grouped(bytes)}`,
  ]);
  return ['', table([{ title }, ...reasonColumns.slice(1)], lines)];
}

function name(agency: string): string {
  if (agency === '') return '(nobody)';
  return agency.length > NAME_MAX ? `${agency.slice(0, NAME_MAX - 1)}…` : agency;
}

/** Bills are checked digit by digit. */
function grouped(bytes: number): string {
  return bytes.toLocaleString('en').replaceAll(',', ' ');
}
