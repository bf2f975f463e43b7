// The report of a drill as files: one HTML page, sealed by the operator, and the same data as JSON. The hash of the page goes into
// the operator's log, so that nobody can later hand out another one.

import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, Fault, fromHex, replaceFile, toHex, utf8 } from '@vauban/core';
import { nodeCrypto, openFiles } from '@vauban/core/node';
import type { OperatorDesk } from '@vauban/fleet';
import { renderReport } from '@vauban/report';
import { drillReport } from '../drill-report.ts';
import type { DrillResult } from '../result.ts';
import type { ScenarioFile } from '../scenario-file.ts';
import { sealReport } from '../seal.ts';
import { drillWord } from './run-drill.ts';

export interface WrittenReport {
  /** Paths. */
  readonly html: string;
  readonly json: string;
  /** SHA-256 of the page, hex. */
  readonly digest: string;
  /** Why the ledger could not be told yet, where too few hosters are left; null when it was. */
  readonly unrecorded: string | null;
}

/** Before anything burns: that a report could be written there. Faults: REPORT_PLACE (usage). */
export async function checkReportPlace(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `no report can be written into ${directory} (${code ?? 'unknown'}): name a directory that is yours`;
    throw new Fault('usage', 'REPORT_PLACE', message, { directory }, error);
  }
}

/**
 * Writes both files, then says in the ledger that the drill is over; without a report's hash, where none could be written. What finds
 * no quorum is signed all the same, and finished with the operator's next word. Faults: those of the disk, of the operator's log.
 */
export async function writeReport(
  desk: OperatorDesk,
  of: { readonly file: ScenarioFile; readonly result: DrillResult; readonly directory: string },
): Promise<WrittenReport> {
  const { file, result, directory } = of;
  const document = drillReport(result);
  const page = desk.withSeed((seed) =>
    sealReport(nodeCrypto, { html: renderReport(document), operator: desk.operator, seed }),
  );
  const name = `drill-${result.scenario.name}-${result.drill.slice(0, 8)}`;
  const over = (report: Uint8Array | null) => ({
    ...drillWord(fromHex(result.drill) as Uint8Array, { file, abortBelow: result.scenario.abortBelow }),
    phase: result.aborted === null ? ('ended' as const) : ('aborted' as const),
    report,
  });
  try {
    await mkdir(directory, { recursive: true });
    const files = openFiles(directory);
    await replaceFile(files, `${name}.html`, page);
    await replaceFile(files, `${name}.json`, utf8(`${JSON.stringify(document.data, undefined, 1)}\n`));
  } catch (error) {
    await desk.writing((log) => log.say(over(null))).catch(() => undefined);
    throw error;
  }
  const digest = nodeCrypto.sha256(page);
  const unrecorded = await desk
    .writing((log) => log.say(over(digest)))
    .then(
      () => null,
      (error: unknown) => asFault(error).message,
    );
  return {
    html: join(directory, `${name}.html`),
    json: join(directory, `${name}.json`),
    digest: toHex(digest),
    unrecorded,
  };
}
