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
import { REPORT_BYTES_MAX, sealReport } from '../seal.ts';
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

const reasons: { readonly [code: string]: string } = {
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of this path is a file',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
};

/** Before anything burns: that a report could be written there. Faults: REPORT_PLACE (usage). */
export async function checkReportPlace(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const why = reasons[code] ?? code;
    const message = `no report can be written into ${directory}: ${why}; name a directory that is yours`;
    throw new Fault('usage', 'REPORT_PLACE', message, { directory }, error);
  }
}

/**
 * Writes both files, then says in the ledger that the drill is over; without a report's hash, where none could be written. What finds
 * no quorum is signed all the same, and finished with the operator's next word. Faults: REPORT_LONG (refused), those of
 * the disk, of the operator's log.
 */
export async function writeReport(
  desk: OperatorDesk,
  of: { readonly file: ScenarioFile; readonly result: DrillResult; readonly directory: string },
): Promise<WrittenReport> {
  const { file, result, directory } = of;
  const document = drillReport(result);
  const name = `drill-${result.scenario.name}-${result.drill.slice(0, 8)}`;
  const over = (report: Uint8Array | null) => ({
    ...drillWord(fromHex(result.drill) as Uint8Array, { file, abortBelow: result.scenario.abortBelow }),
    phase: result.aborted === null ? ('ended' as const) : ('aborted' as const),
    report,
  });
  let page: Uint8Array;
  try {
    await mkdir(directory, { recursive: true });
    const files = openFiles(directory);
    // First what was measured: of a page that is too long, this is left.
    await replaceFile(files, `${name}.json`, utf8(`${whole(() => JSON.stringify(result, undefined, 1))}\n`));
    page = desk.withSeed((seed) =>
      sealReport(nodeCrypto, { html: whole(() => renderReport(document)), operator: desk.operator, seed }),
    );
    await replaceFile(files, `${name}.html`, page);
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

/** A text beyond what the engine can hold is beyond what can be sealed. */
function whole(text: () => string): string {
  try {
    return text();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `the report would be longer than a text can be, and at most ${REPORT_BYTES_MAX} bytes can be sealed: play a shorter drill, or one with fewer readers`;
    throw new Fault('refused', 'REPORT_LONG', message, { bytesMax: REPORT_BYTES_MAX }, cause);
  }
}
