// What a report is made of, before it is drawn: words in both languages, numbers with their units, no markup anywhere.
// Every number a chart draws also stands in its table, so these shapes hold data and never pixels.

import type { MapSite } from './map/map-site.ts';

export type Language = 'en' | 'fr';

export interface Words {
  readonly en: string;
  readonly fr: string;
}

/** Plain strings are names that are the same in both languages: sites, policies, hashes. */
export type Label = string | Words;

/**
 * What a number counts, which decides how it is written:
 * `count` whole things · `number` a plain decimal · `bytes` · `bytes-per-second` · `per-second` · `ms` a duration in
 * milliseconds · `years` a duration in years · `share` 0 to 1, written in percent · `probability` 0 to 1, written
 * 3.2 × 10⁻¹² when small · `time` milliseconds since 1970, written as date and hour (UTC); or a unit of one's own,
 * written after the number.
 */
export type Unit =
  | 'count'
  | 'number'
  | 'bytes'
  | 'bytes-per-second'
  | 'per-second'
  | 'ms'
  | 'years'
  | 'share'
  | 'probability'
  | 'time'
  | Words;

export type Scale = 'linear' | 'log';

/** A number, a number with the interval it lies in, or null: not known. */
export type Measure = number | null | Interval;

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface ReportDocument {
  readonly kind: 'drill' | 'forecast';
  readonly title: Words;
  readonly subtitle: Words;
  /** The first line answers the reader's question; `ok` is null where the report passes no judgement. */
  readonly verdict: { readonly ok: boolean | null; readonly line: Words };
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly sections: readonly Section[];
  /** Embedded as JSON: the same object as the report's .json file. */
  readonly data: object;
}

export interface Section {
  /** Letters, digits and dashes; unique in the document: it becomes part of the page's anchors. */
  readonly id: string;
  readonly title: Words;
  /** One paragraph each. */
  readonly text?: readonly Words[];
  readonly parts: readonly Part[];
}

export type Part =
  | TablePart
  | FiguresPart
  | PromisesPart
  | TimelinePart
  | HistogramPart
  | BarsPart
  | TornadoPart
  | CurvesPart
  | MapPart;

/** Numbers are right-aligned and written by the column's unit (`number` by default), null as a dash. */
export interface TablePart {
  readonly kind: 'table';
  readonly caption: Words;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Cell = string | number | Words | Interval | null;

export interface Column {
  readonly title: Words;
  readonly unit?: Unit;
  /** `end` by default for columns with a unit, else `start`. */
  readonly align?: 'start' | 'end';
}

/** Big numbers, side by side. */
export interface FiguresPart {
  readonly kind: 'figures';
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly label: Words;
  readonly value: Measure | Label;
  readonly unit?: Unit;
  readonly note?: Words;
}

export interface PromisesPart {
  readonly kind: 'promises';
  readonly caption: Words;
  readonly rows: readonly { readonly name: Words; readonly kept: boolean; readonly detail: Words }[];
}

/** Values over time. Series are drawn in one panel per `panel` (or, without it, per unit), all over one time axis. */
export interface TimelinePart {
  readonly kind: 'timeline';
  readonly caption: Words;
  /** When given, times are written as durations since then; otherwise as hours of the day, UTC. */
  readonly originMs?: number;
  readonly series: readonly TimelineSeries[];
  readonly marks?: readonly { readonly atMs: number; readonly label: Words }[];
  readonly spans?: readonly TimelineSpan[];
}

export interface TimelineSeries {
  readonly name: Words;
  readonly unit: Unit;
  readonly panel?: Words;
  /** A value holds until the next point (drawn as steps), as counts do. */
  readonly step?: boolean;
  /** In order of time; a null value is a gap. */
  readonly points: readonly (readonly [ms: number, value: number | null])[];
}

export interface TimelineSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: Words;
}

/** Counts per bin, for one group or several (before, during, after). `counts` has one number per bin. */
export interface HistogramPart {
  readonly kind: 'histogram';
  readonly caption: Words;
  /** What the bins say, and what is counted: the titles of both axes. */
  readonly binTitle: Words;
  readonly countTitle: Words;
  readonly unit?: Unit;
  readonly bins: readonly Label[];
  readonly groups: readonly { readonly name: Words; readonly counts: readonly number[] }[];
}

/** One bar per series in every group, lying; on a log scale, dots with their intervals. One value per series. */
export interface BarsPart {
  readonly kind: 'bars';
  readonly caption: Words;
  readonly unit: Unit;
  readonly scale?: Scale;
  readonly series: readonly Words[];
  /** What a group is: "Policy". The title of the table's first column. */
  readonly groupTitle?: Words;
  readonly groups: readonly { readonly name: Label; readonly values: readonly Measure[] }[];
}

/** What the answer would be at the low and at the high end of each assumption; longest bar first. */
export interface TornadoPart {
  readonly kind: 'tornado';
  readonly caption: Words;
  readonly unit: Unit;
  readonly scale?: Scale;
  readonly base: number;
  readonly rows: readonly TornadoRow[];
}

export interface TornadoRow {
  readonly name: Words;
  readonly low: number;
  readonly high: number;
  /** The assumption's own value at either end: "0.5 % per year". */
  readonly lowLabel: Label;
  readonly highLabel: Label;
}

export interface CurvesPart {
  readonly kind: 'curves';
  readonly caption: Words;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly { readonly name: Label; readonly points: readonly CurvePoint[] }[];
}

export interface Axis {
  readonly title: Words;
  readonly unit: Unit;
  /** On a log scale, values that are not above zero are left out of the drawing and kept in the table. */
  readonly scale?: Scale;
}

/** `low` and `high` are the interval that `y` lies in. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface MapPart {
  readonly kind: 'map';
  readonly caption: Words;
  readonly sites: readonly MapSite[];
}
