// Whether this daemon can do its work now. A write to the disk proves that it can be written, so the answer is kept for a
// while: whoever asks every millisecond costs no fsync each.

import { asFault, type Clock, type Files, replaceFile, utf8 } from '@vauban/core';
import type { Check, PeersOfSite, Readiness } from './admin-ports.ts';
import type { Parts } from '../parts.ts';

/** As often as anyone watches. */
const PROBE_EVERY_MS = 10_000;
const PROBE_PATH = 'admin-probe';

export class DiskProbe {
  readonly #files: Files;
  readonly #clock: Pick<Clock, 'monotonic' | 'now'>;
  #asked: { readonly at: number; readonly answer: Promise<Check> } | undefined;

  constructor(files: Files, clock: Pick<Clock, 'monotonic' | 'now'>) {
    this.#files = files;
    this.#clock = clock;
  }

  check(): Promise<Check> {
    const at = this.#clock.monotonic();
    if (this.#asked !== undefined && at - this.#asked.at < PROBE_EVERY_MS) return this.#asked.answer;
    const answer = this.#probe();
    this.#asked = { at, answer };
    return answer;
  }

  async #probe(): Promise<Check> {
    try {
      await replaceFile(this.#files, PROBE_PATH, utf8(`${this.#clock.now()}\n`));
      return { ok: true, message: 'a file could be written and synced' };
    } catch (error) {
      return { ok: false, message: `the data disk cannot be written: ${asFault(error).code}` };
    }
  }
}

/** Whether what others hold has been read; a mirror in doubt of itself has not. */
export function ledgerCheck({ mirror }: Pick<Parts, 'mirror'>): Check {
  const { silent, logs } = mirror;
  const behind = silent?.code === 'VOTER_STARTING' || silent?.code === 'VOTER_UNREADY' ? silent : null;
  const wrong = logs.quarantine.doubt ?? behind;
  if (wrong !== null) return { ok: false, message: wrong.message };
  return { ok: true, message: `${logs.origins().length} logs are held` };
}

/** One daemon alone in its charter has nobody to hear. `heard`: anything at all came in from others. */
export function peersCheck(
  peers: readonly PeersOfSite[] | undefined,
  of: { readonly others: number; readonly heard: boolean },
): Check {
  if (of.others === 0) return { ok: true, message: 'the charter lists no other daemon' };
  if (peers === undefined) {
    return { ok: of.heard, message: of.heard ? 'other daemons are heard' : 'no other daemon was heard yet' };
  }
  const up = peers.reduce((sum, one) => sum + one.up, 0);
  return { ok: up > 0, message: `${up} of ${of.others} other daemons answer` };
}

export function readinessOf(checks: Readiness['checks']): Readiness {
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
}
