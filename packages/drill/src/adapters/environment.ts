// On what a drill ran: what its report says of the machine.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type as systemType } from 'node:os';
import type { Stage } from '@vauban/fleet';
import type { DrillResult } from '../result.ts';

export function environmentOf(stage: Stage): DrillResult['environment'] {
  const [processor] = cpus();
  return {
    vauban: ownVersion(),
    node: process.versions.node,
    system: `${systemType()} ${release().split('-')[0]} ${process.arch}`,
    processors: `${availableParallelism()} × ${processor?.model.trim() ?? 'unknown'}`,
    memoryBytes: totalmem(),
    fleet: stage.kind,
  };
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
