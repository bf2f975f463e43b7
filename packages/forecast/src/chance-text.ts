// How a chance is written: as a number with its power of ten, and as one in so many.

/** "1 in 140,000": what a chance means to somebody who plans. */
export function oneIn(chance: number, language: 'en' | 'fr'): string {
  const digits = Math.floor(Math.log10(1 / chance));
  const rounded = Number((1 / chance).toPrecision(2));
  if (digits >= 9) return language === 'en' ? `10^${digits}` : `10^${digits}`;
  return rounded.toLocaleString(language === 'en' ? 'en-GB' : 'fr-FR');
}

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 3.2 × 10⁻⁷. */
export function chanceText(chance: number, language: 'en' | 'fr'): string {
  if (chance === 0) return '0';
  let power = Math.floor(Math.log10(chance));
  let digits = (chance / 10 ** power).toFixed(1);
  if (digits === '10.0') [digits, power] = ['1.0', power + 1];
  if (language === 'fr') digits = digits.replace('.', ',');
  if (power === 0) return digits;
  const raised = Array.from(String(Math.abs(power)), (digit) => RAISED[Number(digit)]).join('');
  return `${digits}\u00a0×\u00a010${power < 0 ? '⁻' : ''}${raised}`;
}
