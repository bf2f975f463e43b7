// Whether this disk may still be trusted with writes. After one failed fsync nobody knows what the disk holds of what
// was written, and a second fsync may succeed without having written it: the store stops taking and only reads.

import { Fault } from '@vauban/core';

export class DiskHealth {
  #failure: Fault | undefined;

  /** Why writes are refused until the daemon is started anew; undefined while all is well. */
  get failure(): Fault | undefined {
    return this.#failure;
  }

  /** Faults: DISK_FAILED. */
  assertWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A step that makes something durable: when it fails, writing ends here. Faults: DISK_FAILED. */
  async durable<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
    this.assertWritable();
    try {
      return await work();
    } catch (error) {
      this.#failure ??= new Fault(
        'failure',
        'DISK_FAILED',
        `the disk failed to make data durable (${step}: ${messageOf(error)}), so this daemon takes no more fragments ` +
          'and erases none; it goes on reading. Check the disk, then start the daemon again.',
        { step, reason: messageOf(error) },
        error,
      );
      throw this.#failure;
    }
  }

  /** A step that may fail without harm to what is stored. Faults: DISK_FULL (refused, later), WRITE_FAILED. */
  async attempt<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
    this.assertWritable();
    try {
      return await work();
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new Fault(
          'refused',
          'DISK_FULL',
          `the disk is full (${step}): try another daemon, or this one later`,
          { class: 'later', reason: 'disk', step },
          error,
        );
      }
      throw new Fault(
        'failure',
        'WRITE_FAILED',
        `the disk refused a write (${step}: ${messageOf(error)}); nothing was stored`,
        { step, reason: messageOf(error) },
        error,
      );
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
