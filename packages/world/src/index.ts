// The door of `world`: seeded histories of the real daemon and client. A test tool, never shipped.

export { nodeGround } from './adapters/node-ground.ts';
export { drawPlan } from './draw-plan.ts';
export { type HistoryOptions, type HistoryReport, runHistory, WorldFailure } from './history.ts';
export { describe, formatPlan, only, parsePlan, type Plan } from './plan.ts';
export { type CrowdReport, type Outcome, runCrowd } from './adapters/crowd.ts';
export { required, untried } from './required.ts';
export { runScenario, ScenarioFailure, scenarios } from './scenarios/index.ts';
export { shrink, type Shrunk } from './shrink.ts';
