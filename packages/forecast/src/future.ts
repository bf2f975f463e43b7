// One possible future of a network: who is there, which fragments stand, what is about to happen, and with what weight it
// counts. State in flat arrays, because splitting copies it. What changes it is in `events` and `simulate`.

import { Agenda } from './agenda.ts';
import type { Model } from './model.ts';
import type { Placement } from './placements.ts';

/** Standing of a fragment. */
export const GONE = 0;
export const SOUND = 1;
/** Rotten, and nobody has noticed. */
export const ROTTEN = 2;

export class Future {
  readonly model: Model;
  readonly placements: readonly Placement[];
  readonly agenda = new Agenda();
  /** Years since the start. */
  time = 0;
  /** Of the weight: true over drawn probability, and the share of futures this one stands for. */
  logWeight = 0;
  /** How much of the changed rates was used since the last split; caps the weights' spread. */
  spent = 0;
  /** Chance that rot has cost no segment yet. */
  intact = 1;
  /**
   * How much nearer the worst segment is to its loss than when whole: m + 1 less the daemons that may still go until it is
   * lost; m + 1 once one is lost. As many as are missing, or more where a daemon holds several. What splitting goes by.
   */
  level = 0;
  /** Missing fragments of the worst segment that is not lost. */
  missing = 0;
  lost = 0;
  ups: number;
  /** When the repairs under way will be done. */
  busyUntil = 0;
  /** By daemon: its disks are lost and not replaced · since when · it does not answer · until when · counted as lost. */
  readonly dead: Uint8Array;
  readonly deadSince: Float64Array;
  readonly away: Uint8Array;
  readonly awayUntil: Float64Array;
  readonly writtenOff: Uint8Array;
  /** By daemon: fragments that stood there are to be rebuilt · that is under way. */
  readonly wiped: Uint8Array;
  readonly repairing: Uint8Array;
  /** By daemon: nobody could take what stood there; and how many such daemons there are. */
  readonly homeless: Uint8Array;
  homelessDaemons = 0;
  /** By placement and index: daemon, and standing. */
  readonly holders: Int32Array;
  readonly fragments: Uint8Array;
  /** By placement: sound fragments, those of them that answer, whether it is lost, whether any stands elsewhere than first. */
  readonly sound: Int32Array;
  readonly answering: Int32Array;
  readonly isLost: Uint8Array;
  readonly isMoved: Uint8Array;
  /** By placement its level, and placements not lost by level. */
  readonly levels: Int32Array;
  readonly byLevel: Int32Array;
  /** Placements not lost by how many fragments they miss, and the share of segments that is. */
  readonly byMissing: Int32Array;
  readonly shareMissing: Float64Array;
  /** Placements not lost of which fewer than k fragments answer, and their share. */
  unreadable = 0;
  shareUnreadable = 0;
  /** A round of spreading out is on the agenda. */
  isSpreading = false;
  /** Up to when time is in the tally. */
  talliedUntil = 0;

  constructor(model: Model, placements: readonly Placement[]) {
    const { n, ground } = model;
    const many = placements.length;
    this.model = model;
    this.placements = placements;
    this.ups = ground.daemons;
    this.dead = new Uint8Array(ground.daemons);
    this.away = new Uint8Array(ground.daemons);
    this.awayUntil = new Float64Array(ground.daemons);
    this.writtenOff = new Uint8Array(ground.daemons);
    this.wiped = new Uint8Array(ground.daemons);
    this.repairing = new Uint8Array(ground.daemons);
    this.homeless = new Uint8Array(ground.daemons);
    this.holders = new Int32Array(many * n);
    this.fragments = new Uint8Array(many * n).fill(SOUND);
    this.sound = new Int32Array(many).fill(n);
    this.answering = new Int32Array(many).fill(n);
    this.isLost = new Uint8Array(many);
    this.isMoved = new Uint8Array(many);
    this.levels = new Int32Array(many);
    this.byLevel = new Int32Array(n + 2);
    this.byLevel[0] = many;
    this.deadSince = new Float64Array(ground.daemons);
    this.byMissing = new Int32Array(n + 1);
    this.byMissing[0] = many;
    this.shareMissing = new Float64Array(n + 1);
    this.shareMissing[0] = 1;
    for (const [at, { holders }] of placements.entries()) this.holders.set(holders, at * n);
  }

  /** Becomes the same as another future of the same model and placements. */
  copyFrom(other: Future): this {
    this.agenda.copyFrom(other.agenda);
    this.time = other.time;
    this.logWeight = other.logWeight;
    this.spent = other.spent;
    this.intact = other.intact;
    this.level = other.level;
    this.lost = other.lost;
    this.ups = other.ups;
    this.busyUntil = other.busyUntil;
    this.dead.set(other.dead);
    this.away.set(other.away);
    this.awayUntil.set(other.awayUntil);
    this.writtenOff.set(other.writtenOff);
    this.wiped.set(other.wiped);
    this.repairing.set(other.repairing);
    this.homeless.set(other.homeless);
    this.homelessDaemons = other.homelessDaemons;
    this.holders.set(other.holders);
    this.fragments.set(other.fragments);
    this.sound.set(other.sound);
    this.answering.set(other.answering);
    this.isLost.set(other.isLost);
    this.isMoved.set(other.isMoved);
    this.levels.set(other.levels);
    this.byLevel.set(other.byLevel);
    this.missing = other.missing;
    this.deadSince.set(other.deadSince);
    this.byMissing.set(other.byMissing);
    this.shareMissing.set(other.shareMissing);
    this.unreadable = other.unreadable;
    this.shareUnreadable = other.shareUnreadable;
    this.isSpreading = other.isSpreading;
    this.talliedUntil = other.talliedUntil;
    return this;
  }

  isUp(daemon: number): boolean {
    return this.dead[daemon] === 0 && this.away[daemon] === 0;
  }
}
