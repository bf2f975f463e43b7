// What futures add up to: sums of weight × quantity, for one independent run.

export class Tally {
  /** Chance of at least one lost segment, and expected share of segments lost. */
  anyLoss = 0;
  shareLost = 0;
  /** Years × weight, of all placements together, by missing fragments; and unreadable though not lost. */
  readonly yearsMissing: Float64Array;
  yearsUnreadable = 0;
  /** Bytes that repair read. */
  repairBytes = 0;
  /** Losses: when (years), the weight of its being the first, and the expected share of segments. */
  readonly losses: { readonly at: number; readonly weight: number; readonly share: number }[] = [];
  /** Steps simulated. */
  events = 0;
  /** Chance left when splitting was given up, too small to matter; 0 when it went all the way. */
  notFollowed = 0;

  constructor(n: number) {
    this.yearsMissing = new Float64Array(n + 1);
  }
}
