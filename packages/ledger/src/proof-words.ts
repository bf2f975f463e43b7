// A proof's statement in words, as the first part of the file (PROOF.md, words). Every value comes from the evidence,
// so that whoever changes a word is found out. English only, and the same on every machine: no locale, no Unicode tables.

import {
  evidenceLine,
  isoTime,
  PROOF_FORMAT,
  type ProofEvidence,
  type ProofFormat,
  writeEvidence,
} from './proof-evidence.ts';
import {
  type EntryName,
  heldNow,
  type ProofStatement,
  type ProvenHolding,
  type ProvenLog,
  type ProvenSegment,
} from './proof-statement.ts';

const PROVEN = `What this proves, if the file checks under the charter root above

  Its officers, and from version 2 on its hosters too, put each charter version
  in this file in force.
  The hosters named with a log signed, at the times given, that they had stored
  its entries up to that head. They sign a placement only if it keeps the
  charter's rules; whoever checks this file applies those rules again.
  Each daemon named signed, with its receipt key, that it durably held the
  fragment with that root. The charter says where that daemon stands.

What it does not prove

  A receipt proves what a daemon signed, not that a disk stands in a building.
  Site, city, building and address are what the charter says of the daemon.
  Entries carry their writers' dates. By when they existed at the latest, the
  hosters' times above say.
  It shows what its maker knew and chose to show, up to the heads above. A loss
  recorded later, or left out, is not in it: ask the hosters for today's state.
  Segments are ciphertext. Which files they hold is their owner's word.
`;

/** The whole file: words, then evidence. */
export function writeProof(statement: ProofStatement, evidence: ProofEvidence): string {
  return `${wordsOf(statement)}\n${writeEvidence(evidence, PROOF_FORMAT)}`;
}

export function wordsOf(statement: ProofStatement): string {
  const lines = headLines(statement, {
    format: PROOF_FORMAT,
    title: 'Where fragments stood, as their daemons signed and the hosters recorded it',
  });
  for (const [nth, segment] of statement.segments.entries())
    lines.push('', ...segmentLines(nth + 1, segment));
  return `${lines.join('\n')}\n\n${PROVEN}`;
}

/** Format, charter and logs: what documents of either kind begin with. */
export function headLines(
  { charter, at, label, logs }: Omit<ProofStatement, 'segments'>,
  { format, title }: { readonly format: ProofFormat; readonly title: string },
): string[] {
  const lines = [
    format,
    title,
    '',
    `charter root  ${charter.root}`,
    `state at      ${isoTime(at)}`,
    `sites as in   charter version ${charter.shown} of ${isoTime(charter.issued)}`,
    `officers      ${charter.officers.map(plain).join(', ')} signed it`,
  ];
  if (label !== null) lines.push(`NOT PROVEN    its maker says this is: ${plain(label)}`);
  for (const [nth, log] of logs.entries()) lines.push('', ...logLines(nth + 1, log));
  return lines;
}

function logLines(nth: number, log: ProvenLog): string[] {
  const { writer, cosigners } = log;
  return [
    `log ${nth}  ${log.origin}`,
    writer.kind === 'device'
      ? `  written by a device of agency ${plain(writer.agency)} (${plain(writer.agencyName)}) for vault`
      : `  written by daemon ${writer.daemon}`,
    ...(writer.kind === 'device' ? [`    ${writer.vault}`] : []),
    `  certified at size ${log.size} by ${cosigners.length} of ${log.voters} voting hosters; ${log.quorum} are needed`,
    ...cosigners.map(
      ({ hoster, name, seconds }) => `    ${isoTime(seconds * 1_000)}  ${plain(hoster)} (${plain(name)})`,
    ),
  ];
}

function segmentLines(nth: number, segment: ProvenSegment): string[] {
  const { k, m } = segment;
  const held = heldNow(segment);
  const lines = [
    `segment ${nth}  ${segment.segment}`,
    `  vault ${segment.vault}`,
    `  ${segment.code}: any ${k} of its ${k + m} fragments of ${segment.fragmentBytes} bytes rebuild it`,
    `  recorded then: ${held.fragments} of ${k + m} fragments held, on sites: ${held.sites.length}`,
  ];
  for (const place of segment.places) {
    lines.push(
      `  placed by ${entryName(place)}`,
      `    under charter version ${place.charter}, to be kept until ${isoTime(place.retainUntil)}`,
      place.voidExcluded
        ? '    no later entry below that head cancels it'
        : '    that no later entry cancels it is not shown here',
    );
  }
  for (const fragment of segment.fragments) {
    lines.push(`  fragment ${fragment.index}  root ${fragment.root}`);
    if (fragment.holdings.length === 0) lines.push('    nobody is recorded as holding it');
    for (const holding of fragment.holdings) lines.push(...holdingLines(holding));
  }
  return lines;
}

export function holdingLines(one: ProvenHolding): string[] {
  return [
    `    daemon    ${one.daemon}`,
    `    hoster    ${plain(one.hoster)} (${plain(one.hosterName)})`,
    `    site      ${plain(one.site)}, ${plain(one.city)} (${plain(one.country)}), building ${plain(one.building)}`,
    `    address   ${one.address === '' ? 'none given' : plain(one.address)}`,
    `    since     ${entryName(one.since)} (${one.since.kind})`,
    `    until     ${untilOf(one)}`,
  ];
}

function untilOf({ until }: ProvenHolding): string {
  if (until === null) return 'no end recorded';
  if (until.kind === 'charter')
    return `${isoTime(until.time)}, charter version ${until.version} without this daemon`;
  return `${entryName(until)} (${until.kind})`;
}

export function entryName({ log, index, time }: EntryName): string {
  return `log ${log}, entry ${index}, dated ${isoTime(time)}`;
}

/**
 * Text of others on one line: control characters, line ends, invisible and turning ones, and the backslash itself are
 * written `\u{hex}` (PROOF.md, words). A fixed list, so that the same file is the same on every machine.
 */
function plain(text: string): string {
  let safe = '';
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    safe += hidden.some(([from, to]) => point >= from && point <= to)
      ? `\\u{${point.toString(16)}}`
      : character;
  }
  return safe;
}

const hidden: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x5c, 0x5c],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];

/** Where the evidence begins in a whole file, in characters; undefined when it does not. */
export function evidenceStart(text: string, format: ProofFormat): number | undefined {
  const at = text.indexOf(`\n${evidenceLine(format)}\n`);
  return at < 0 ? undefined : at + 1;
}
