// Text for people: tables that fit 80 columns, sizes, dates.

const COLUMNS = 80;
const GAP = '  ';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** Names that may be cut, so that what stands to their right is not. */
  readonly gives?: boolean;
}
/** Names are still told apart by so much of them. */
const GIVES_TO = 8;

/** Rows under titles, each column as wide as it needs. Where a line would pass 80 columns (or `columns`), names are cut
 * with an ellipsis, and then the line, unless it holds what a person must be able to copy. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly cut?: boolean; readonly columns?: number } = {},
): string {
  const { cut = true, columns: room = COLUMNS } = options;
  const widths = columns.map(({ title }, nth) =>
    Math.max(title.length, ...rows.map((row) => (row[nth] ?? '').length)),
  );
  const gives = columns.flatMap(({ gives: may }, nth) => (may === true ? [nth] : []));
  const wide = (nth: number) => widths[nth] as number;
  let over = cut ? widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room : 0;
  for (; over > 0; over--) {
    const widest = gives.reduce((a, b) => (wide(b) > wide(a) ? b : a), gives[0] ?? -1);
    if (widest < 0 || wide(widest) <= GIVES_TO) break;
    widths[widest] = wide(widest) - 1;
  }
  const shown = (cell: string, nth: number) =>
    cut && cell.length > wide(nth) ? `${cell.slice(0, wide(nth) - 1)}…` : cell;
  const line = (cells: readonly string[]) => {
    const text = columns
      .map(({ right }, nth) => {
        const cell = shown(cells[nth] ?? '', nth);
        return right === true ? cell.padStart(widths[nth] as number) : cell.padEnd(widths[nth] as number);
      })
      .join(GAP)
      .trimEnd();
    return cut && text.length > room ? `${text.slice(0, room - 1)}…` : text;
  };
  return [columns.map((one) => one.title), ...rows].map(line).join('\n');
}

/** `wrap`, with every line two columns in. */
export function indented(text: string): string {
  return wrap(text, COLUMNS - GAP.length)
    .split('\n')
    .map((line) => `${GAP}${line}`)
    .join('\n');
}

/** Breaks at spaces so that no line passes 80 columns; line breaks in the text stay, and so do lines that fit, as they are. */
export function wrap(text: string, columns = COLUMNS): string {
  return text
    .split('\n')
    .flatMap((paragraph) => {
      if (paragraph.length <= columns) return [paragraph];
      const lines = [''];
      for (const word of paragraph.split(' ')) {
        const last = lines.at(-1) ?? '';
        if (last !== '' && last.length + 1 + word.length > columns) lines.push(word);
        else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
      }
      return lines;
    })
    .join('\n');
}

/** Names may hold newlines and escape sequences: a terminal must not obey them. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** "1.4 MB": decimal units, one decimal below ten. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** ISO 8601, UTC, to the second. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** "1 site", "3 sites". */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`;
}

/** "45 s", "12 min", "3 h 20 min", "2 d 4 h": the two units that matter. */
export function period(seconds: number): string {
  const rounded = Math.ceil(seconds);
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.ceil(rounded / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}
