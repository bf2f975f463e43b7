// What this daemon may do at all, kept on its data disk: whether it is read-only, draining, its repairs paused, and when it
// was last there for others. Whoever comes back after a long absence changes nothing before a person has looked.

import {
  CLOCK_SKEW_MS,
  type Clock,
  decodeCbor,
  encodeCbor,
  Fault,
  type Files,
  Mutex,
  replaceFile,
  shape,
} from '@vauban/core';
import * as v from 'valibot';
import type { Log } from './log.ts';

const STANDING_PATH = 'standing';
const STANDING_BYTES_MAX = 1_024;
const BEAT_MS_MAX = 60_000;

/** `away`: not heard of for longer than the charter's awayMaxMs. `unknown`: it holds fragments and no record of when. */
const reasons = ['away', 'site-lost', 'unknown'] as const;
export type ReadOnlyReason = (typeof reasons)[number];

const schema = v.strictObject({
  format: v.literal('vauban/daemon-standing/0'),
  readOnly: v.nullable(v.strictObject({ reason: v.picklist(reasons), since: shape.time() })),
  draining: v.boolean(),
  repairPaused: v.boolean(),
  /** When it last heard enough others, by its own clock. */
  aliveAt: shape.time(),
});
type Standing = v.InferOutput<typeof schema>;

export interface OwnStandingPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly awayMaxMs: () => number;
  readonly log: Log;
}

export class OwnStanding {
  readonly #ports: OwnStandingPorts;
  readonly #lock = new Mutex();
  readonly #listeners: (() => void)[] = [];
  #record: Standing;
  /** When it was last there; the record on the disk is a little older. */
  #aliveAt: number;
  /** When the record was last written, by the clock that only grows. */
  #writtenAt = Number.NEGATIVE_INFINITY;

  private constructor(ports: OwnStandingPorts, record: Standing) {
    this.#ports = ports;
    this.#record = record;
    this.#aliveAt = record.aliveAt;
  }

  /**
   * Reads what the last run left. `holds`: whether there are fragments on the disk. Faults: MALFORMED (integrity) when the
   * record is not what a daemon writes.
   */
  static async open(ports: OwnStandingPorts, holds: boolean): Promise<OwnStanding> {
    const { files, clock } = ports;
    const bytes = await files.readAll(STANDING_PATH, STANDING_BYTES_MAX);
    const found = bytes === undefined ? undefined : readRecord(bytes);
    const now = clock.now();
    const fresh = { format: 'vauban/daemon-standing/0' as const, draining: false, repairPaused: false };
    const standing = new OwnStanding(ports, found ?? { ...fresh, readOnly: null, aliveAt: now });
    if (found === undefined)
      await standing.#write(holds ? { readOnly: { reason: 'unknown', since: now } } : {});
    else await standing.#judgeAbsence();
    return standing;
  }

  get readOnly(): Standing['readOnly'] {
    return this.#record.readOnly;
  }

  get draining(): boolean {
    return this.#record.draining;
  }

  get repairPaused(): boolean {
    return this.#record.repairPaused;
  }

  /** Why this daemon takes no new fragments; undefined when it does. */
  refusal(): Fault | undefined {
    const { readOnly, draining } = this.#record;
    if (readOnly !== null) return readOnlyFault(readOnly.reason);
    if (!draining) return undefined;
    return new Fault('refused', 'DRAINING', 'this daemon is being emptied: it takes no new fragments', {
      class: 'later',
    });
  }

  /** Why this daemon erases nothing; undefined when nothing here forbids it. */
  eraseRefusal(): Fault | undefined {
    const { readOnly, aliveAt } = this.#record;
    if (readOnly !== null) return readOnlyFault(readOnly.reason);
    const behindMs = aliveAt - this.#ports.clock.now();
    if (behindMs <= CLOCK_SKEW_MS) return undefined;
    const message = `this machine's clock is ${Math.round(behindMs / 60_000)} minutes before the time it was last there: set it right, nothing is erased meanwhile`;
    return new Fault('refused', 'CLOCK_BEHIND', message, { behindMs });
  }

  /** It is there for others. Written down every now and then; after too long an absence it becomes read-only. */
  async beat(): Promise<void> {
    const { clock, awayMaxMs } = this.#ports;
    await this.#judgeAbsence();
    this.#aliveAt = clock.now();
    const beatMs = Math.min(BEAT_MS_MAX, awayMaxMs() / 8);
    if (clock.monotonic() - this.#writtenAt >= beatMs) await this.#write({ aliveAt: clock.now() });
  }

  /** Until `readmitted`. The first reason stays. */
  async setReadOnly(reason: ReadOnlyReason): Promise<void> {
    if (this.#record.readOnly !== null) return;
    this.#ports.log('warn', 'read-only', { reason });
    await this.#write({ readOnly: { reason, since: this.#ports.clock.now() } });
  }

  async readmitted(): Promise<void> {
    if (this.#record.readOnly === null) return;
    this.#ports.log('info', 'readmitted');
    this.#aliveAt = this.#ports.clock.now();
    await this.#write({ readOnly: null, aliveAt: this.#aliveAt });
  }

  async setDraining(draining: boolean): Promise<void> {
    if (draining === this.#record.draining) return;
    this.#ports.log('info', draining ? 'draining' : 'drain-cancelled');
    await this.#write({ draining });
  }

  async setRepairPaused(repairPaused: boolean): Promise<void> {
    if (repairPaused === this.#record.repairPaused) return;
    this.#ports.log('info', repairPaused ? 'repair-paused' : 'repair-resumed');
    await this.#write({ repairPaused });
  }

  /** Called after each change but a beat. */
  watch(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async #judgeAbsence(): Promise<void> {
    const { clock, awayMaxMs } = this.#ports;
    if (clock.now() - this.#aliveAt > awayMaxMs()) await this.setReadOnly('away');
  }

  #write(change: Partial<Standing>): Promise<void> {
    return this.#lock.run(async () => {
      const next = { ...this.#record, ...change };
      await replaceFile(this.#ports.files, STANDING_PATH, encodeCbor(next));
      this.#record = next;
      this.#writtenAt = this.#ports.clock.monotonic();
      if (Object.keys(change).some((field) => field !== 'aliveAt'))
        for (const heard of this.#listeners) heard();
    });
  }
}

function readRecord(bytes: Uint8Array): Standing {
  try {
    return decodeCbor(schema, bytes, 'standing', STANDING_BYTES_MAX);
  } catch (error) {
    throw new Fault(
      'integrity',
      'STANDING_MALFORMED',
      `the file ${STANDING_PATH} on the data disk is not what this daemon wrote: is the disk sound? Removing the file lets the daemon start read-only`,
      { path: STANDING_PATH },
      error,
    );
  }
}

export function readOnlyFault(reason: ReadOnlyReason): Fault {
  const why = {
    away: 'it was away for longer than the charter allows',
    'site-lost': 'its site was declared lost',
    unknown: 'it holds fragments and does not know when it was last there',
  }[reason];
  return new Fault(
    'refused',
    'READ_ONLY',
    `this daemon is read-only, for ${why}: it serves what it holds, takes nothing and erases nothing until its operator runs vauban daemon readmit`,
    { class: 'later', reason },
  );
}
