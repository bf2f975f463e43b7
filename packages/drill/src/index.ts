// The only door of `drill`: scenarios, what is foreseen of them, what is found, judged and reported.

export * from './result.ts';
export * from './scenario.ts';
export { readScenario, SCENARIO_BYTES_MAX, type ScenarioFile } from './scenario-file.ts';
export { drawSites, type DrawnSite, type SiteDraw, sitesOfStep } from './draw.ts';
export { type DiskFacts, diskMargins, type DiskMargins } from './disk-margins.ts';
export { judge, type PromiseName, type Seen } from './promises.ts';
export { preview, type PreviewedSegment, type PreviewOptions } from './preview.ts';
export { readShares, type RebuildShape } from './repair-cost.ts';
export { drillReport, verdictLine } from './drill-report.ts';
export {
  checkReportLength,
  type OpenedReport,
  openSealedReport,
  REPORT_BYTES_MAX,
  sealReport,
} from './seal.ts';
export { figuresOf, type OperationFigures, phaseFigures, type PhaseFigures } from './statistics.ts';
export { type VerifiedReport, verifyReport } from './adapters/verify-report.ts';
export { checkReportPlace, type WrittenReport, writeReport } from './adapters/write-report.ts';
export { type Cast, castDrill, type DrillOptions, type Progress, runDrill } from './adapters/run-drill.ts';
export { findScenario, libraryNames } from './adapters/library.ts';
export { checkFloor, checkReady } from './adapters/ready.ts';
export { Meters, type Metering } from './adapters/meters.ts';
export { foresee } from './adapters/foresee.ts';
export { objectsInVault } from './adapters/objects-in-vault.ts';
export { joinAsAgency } from './adapters/drill-vault.ts';
