// How wide a text may come out, without a font at hand: each letter counted as wide as in the widest of the usual system
// fonts. Labels are placed by it, so it errs towards too wide: too narrow, and labels would overlap.

/** In em. */
function letterEm(letter: string): number {
  if (letter === '\u2060') return 0;
  if (/[ijl.,:;'’|!\u202f·]/.test(letter)) return 0.34;
  if (/[ftrI()[\]\-/\s"°⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/.test(letter)) return 0.46;
  if (/[mwMWÆŒæœ@%—…∞]/.test(letter)) return 1;
  if (/[\dabcdeghknopqsuvxyzàâçéèêëîïôùûü−–+×]/.test(letter)) return 0.64;
  if (/\p{Lu}/u.test(letter)) return 0.78;
  return (letter.codePointAt(0) ?? 0) > 0x2e7f ? 1.1 : 0.7;
}

/** In the unit of `size`, the font's height. */
export function textWidth(text: string, size: number): number {
  let em = 0;
  for (const letter of text) em += letterEm(letter);
  return em * size;
}

/** The text, or its beginning and an ellipsis, no wider than `width`. */
export function clip(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  let kept = '';
  let used = textWidth('…', size);
  for (const letter of text) {
    used += textWidth(letter, size);
    if (used > width) break;
    kept += letter;
  }
  return `${kept.trimEnd()}…`;
}

/** Lines no wider than `width`, broken at ordinary spaces; the last one of `linesMax` is clipped. */
export function wrap(text: string, width: number, size: number, linesMax = 2): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(' ').filter((word) => word !== '');
  for (const [index, word] of words.entries()) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer, size) <= width || line === '') {
      line = longer;
    } else if (lines.length === linesMax - 1) {
      return [...lines, clip(`${line} ${words.slice(index).join(' ')}`, width, size)];
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((each) => clip(each, width, size));
}
