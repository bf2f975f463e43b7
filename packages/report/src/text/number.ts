// Numbers as each language writes them: "1,234.5" and "1 234,5" (with a narrow no-break space), powers of ten with a
// real exponent. No library of the machine is asked, so the same document gives the same bytes everywhere.

import type { Language } from '../document.ts';
import { THIN } from './language.ts';

export const UNKNOWN = '—';

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** From here on a number is written as a power of ten. */
const LARGE = 1e15;
const SMALL = 1e-3;

/** Three significant digits, whole above a thousand; powers of ten for the very large and the very small. */
export function decimal(value: number, language: Language, digits = 3): string {
  if (Number.isNaN(value)) return UNKNOWN;
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= LARGE || size < SMALL) return scientific(value, language);
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = fixed(value, Math.min(places, 20), language);
  return places === 0 ? text : stripped(text);
}

/** Zeros at the end of a fraction say nothing. */
function stripped(text: string): string {
  return text.replace(/([.,]\d*?)0+$/, '$1').replace(/[.,]$/, '');
}

/** Whole things, every digit of them. */
export function count(value: number, language: Language): string {
  if (!Number.isFinite(value) || Math.abs(value) >= LARGE || !Number.isInteger(value))
    return decimal(value, language);
  return fixed(value, 0, language);
}

/** With so many decimals, no more and no fewer. */
export function fixed(value: number, places: number, language: Language): string {
  const [whole = '0', fraction] = Math.abs(value).toFixed(places).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, language === 'fr' ? THIN : ',');
  const text = fraction === undefined ? grouped : `${grouped}${language === 'fr' ? ',' : '.'}${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** "3.2 × 10⁻¹²", with up to two significant digits; an exact power of ten is only "10⁻¹²". */
export function scientific(value: number, language: Language, digits = 2): string {
  if (!Number.isFinite(value)) return decimal(value, language);
  if (value === 0) return '0';
  const [mantissa = '1', exponent = '0'] = Math.abs(value)
    .toExponential(digits - 1)
    .split('e');
  const power = `10${superscript(Number(exponent))}`;
  const sign = value < 0 ? '−' : '';
  if (Number(mantissa) === 1) return sign + power;
  return `${sign}${fixed(Number(mantissa), mantissa.endsWith('.0') ? 0 : digits - 1, language)}${THIN}×${THIN}${power}`;
}

function superscript(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? '');
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** 0 to 1: plain down to a thousandth, a power of ten below. */
export function probability(value: number, language: Language): string {
  return Math.abs(value) >= SMALL ? decimal(value, language, 2) : scientific(value, language);
}

/**
 * 0 to 1 in percent: one decimal, more near nothing and near everything, so that 99.9995 % is never written 100 %:
 * close to one it is cut, not rounded.
 */
export function percent(share: number, language: Language): string {
  if (!Number.isFinite(share * 100)) return decimal(share * 100, language);
  const mark = language === 'fr' ? `${THIN}%` : '%';
  const rest = 1 - share;
  if (rest > 0 && rest < 0.01) {
    const places = Math.min(10, Math.ceil(-Math.log10(rest)) - 1);
    const cut = Math.floor(share * 100 * 10 ** places + 1e-6) / 10 ** places;
    return stripped(fixed(cut, places, language)) + mark;
  }
  if (share === 0 || share === 1) return `${share * 100}${mark}`;
  const size = Math.abs(share * 100);
  if (size < SMALL) return scientific(share * 100, language) + (language === 'fr' ? mark : `${THIN}%`);
  return (size >= 1 ? fixed(share * 100, 1, language) : decimal(share * 100, language, 2)) + mark;
}
