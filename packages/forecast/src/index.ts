// The only door of `forecast`: how likely loss is over the years ahead, and what would change it. Pure: randomness from its own
// seeded dice, no clock, no files.

export {
  assumptionFrom,
  type Assumptions,
  formatAssumptions,
  parseAssumptions,
  standardAssumptions,
} from './assumptions.ts';
export { assumptionRows } from './assumption-rows.ts';
export { type Effort, efforts, type Estimate } from './estimate.ts';
export {
  type Forecast,
  forecasting,
  type ForecastOptions,
  policyIds,
  type PolicyForecast,
} from './forecast.ts';
export { type Place, syntheticCharter } from './ground.ts';
export type { Held, HeldPlacement } from './held.ts';
export { storedText } from './stored-text.ts';
export type { Interval } from './interval.ts';
export { chanceText, oneIn } from './chance-text.ts';
export { forecastData, forecastDocument } from './report-document.ts';
