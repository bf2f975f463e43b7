// Text for people: tables that fit 80 columns, sizes, dates.

const COLUMNS = 80;
const GAP = '  ';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows under titles, each column as wide as it needs; a line that would pass 80 columns is cut with an ellipsis,
 * unless it holds what a person must be able to copy. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly cut: boolean } = { cut: true },
): string {
  const widths = columns.map(({ title }, nth) =>
    Math.max(title.length, ...rows.map((row) => (row[nth] ?? '').length)),
  );
  const line = (cells: readonly string[]) => {
    const text = columns
      .map(({ right }, nth) => {
        const cell = cells[nth] ?? '';
        return right === true ? cell.padStart(widths[nth] as number) : cell.padEnd(widths[nth] as number);
      })
      .join(GAP)
      .trimEnd();
    return options.cut && text.length > COLUMNS ? `${text.slice(0, COLUMNS - 1)}…` : text;
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

/** Breaks at spaces so that no line passes 80 columns; line breaks in the text stay. */
export function wrap(text: string, columns = COLUMNS): string {
  return text
    .split('\n')
    .flatMap((paragraph) => {
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
