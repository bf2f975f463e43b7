// Carries out the steps of a scenario on a stage, one after another, and keeps what was done to which site: what came back, and
// what was gone from its disks by then.

import { nodeClock } from '@vauban/core/node';
import { announceMaintenance, declareSiteLost, type OperatorDesk, type Stage } from '@vauban/fleet';
import type { Words } from '@vauban/report';
import type { Done, Event, Return } from '../result.ts';
import type { Deed, Step } from '../scenario.ts';
import type { Meters } from './meters.ts';
import type { Workload } from './workload.ts';

/** Deeds that only a staged daemon can be made to suffer. */
const staged: readonly Deed[] = ['cut', 'rejoin', 'slow', 'lie', 'fill', 'empty-disk'];

export function isStaged(deed: Deed): boolean {
  return staged.includes(deed);
}

export interface DeedsOptions {
  readonly stage: Stage;
  readonly desk: OperatorDesk;
  readonly workload: Workload;
  readonly meters: Pick<Meters, 'beforeStop'>;
  /** ms since the drill's start. */
  readonly now: () => number;
  readonly seed: number;
  readonly onEvent: (event: Event) => void;
  readonly signal: AbortSignal;
}

interface Awake {
  readonly site: string;
  readonly atMs: number;
  readonly awayMs: number;
  readonly files: ReadonlySet<string>;
}

export class Deeds {
  readonly done: Done[] = [];
  readonly returns: Return[] = [];
  readonly #options: DeedsOptions;
  /** Since when a site is dark by the drill's own hand. */
  readonly #darkSince = new Map<string, number>();
  /** Sites that came back and to which nothing was done since. */
  readonly #awake = new Map<string, Awake>();

  constructor(options: DeedsOptions) {
    this.#options = options;
  }

  /** `low`: ends what goes from site to site. Faults: those of the stage, and of what an operator says. */
  async carryOut(step: Step, sites: readonly string[], low: () => boolean = () => false): Promise<void> {
    const { now, onEvent } = this.#options;
    const atMs = now();
    onEvent({
      atMs,
      what: wordsOf(
        step.deed,
        sites.map((site) => this.#cityOf(site)),
      ),
    });
    for (const site of sites) await this.#closeReturn(site);
    if (step.deed === 'start') for (const site of sites) await this.#openReturn(site);
    // From here on, whatever comes: what is switched off is switched on again when the drill breaks off.
    if (step.deed === 'kill' || step.deed === 'stop') {
      for (const site of sites) this.#darkSince.set(site, atMs);
    }
    await this.#carryOut(step, sites, low);
    const endedMs = now();
    this.done.push({ deed: step.deed, sites, atMs, endedMs });
  }

  /** After breaking off: what can be taken back is. Sites that were switched off are on again, networks whole, liars honest. */
  async undo(signal: AbortSignal): Promise<void> {
    const { stage, now, onEvent } = this.#options;
    const suffering = new Set(this.done.flatMap(({ deed, sites }) => (isStaged(deed) ? sites : [])));
    for (const site of suffering) {
      await stage.suffer(site, { cut: false, delayMs: 0, diskFull: false, lies: false });
    }
    onEvent({ atMs: now(), what: { en: 'Broken off', fr: 'Interrompu' } });
    const { burnt } = await stage.look();
    const off = [...this.#darkSince.keys()].filter((site) => !burnt.has(site));
    const atMs = now();
    if (off.length > 0) await stage.start(off, signal);
    for (const site of off) this.#darkSince.delete(site);
    if (off.length > 0) this.done.push({ deed: 'start', sites: off, atMs, endedMs: now() });
  }

  /** What is still open when the drill ends. */
  async finish(): Promise<void> {
    for (const site of this.#awake.keys()) await this.#closeReturn(site);
  }

  async #carryOut(step: Step, sites: readonly string[], low: () => boolean): Promise<void> {
    const { stage, desk, workload, meters, seed, signal } = this.#options;
    const { deed, share = 1, delayMs = 0, forMs = 0 } = step;
    const each = async (work: (site: string) => Promise<unknown>) => {
      for (const site of sites) if (!low()) await work(site);
    };
    // Another step harms other files.
    const nth = seed + this.done.length;
    switch (deed) {
      case 'burn':
        await meters.beforeStop(sites);
        // All at once: a fire does not wait for the next one.
        await stage.kill(sites);
        return each((site) => stage.burn(site));
      case 'kill':
        await meters.beforeStop(sites);
        return stage.kill(sites);
      case 'stop':
        await meters.beforeStop(sites);
        return stage.stop(sites);
      case 'start':
        return stage.start(sites, signal);
      case 'restart-each':
        return each((site) => this.#upgrade(site, forMs));
      case 'cut':
      case 'rejoin':
        return each((site) => stage.suffer(site, { cut: deed === 'cut' }));
      case 'slow':
        return each((site) => stage.suffer(site, { delayMs }));
      case 'lie':
        return each((site) => stage.suffer(site, { lies: true }));
      case 'fill':
      case 'empty-disk':
        return each((site) => stage.suffer(site, { diskFull: deed === 'fill' }));
      case 'rot':
        return each((site) => stage.harm(site, { deed: 'rot', share, seed: nth }));
      case 'late-purge':
        return each((site) => stage.harm(site, { deed: 'erase', share, seed: nth }));
      case 'release':
        return workload.release(share);
      case 'declare-lost':
        return each((site) => declareSiteLost(desk, site));
      case 'maintenance':
        return each((site) => announceMaintenance(desk, { site, until: nodeClock.now() + forMs }));
      case 'readmit':
        return each((site) => stage.readmit(site));
    }
  }

  async #upgrade(site: string, forMs: number): Promise<void> {
    const { stage, desk, meters, signal } = this.#options;
    await announceMaintenance(desk, { site, until: nodeClock.now() + Math.max(forMs, 60_000) });
    await meters.beforeStop([site]);
    this.#darkSince.set(site, this.#options.now());
    await stage.stop([site]);
    await stage.start([site], signal);
    this.#darkSince.delete(site);
    await announceMaintenance(desk, { site, until: 0 });
  }

  async #openReturn(site: string): Promise<void> {
    const { now } = this.#options;
    const since = this.#darkSince.get(site);
    if (since === undefined) return;
    this.#darkSince.delete(site);
    const files = await this.#filesOf(site);
    this.#awake.set(site, { site, atMs: now(), awayMs: now() - since, files });
  }

  async #closeReturn(site: string): Promise<void> {
    const open = this.#awake.get(site);
    if (open === undefined) return;
    this.#awake.delete(site);
    const left = await this.#filesOf(site);
    const { atMs, awayMs, files } = open;
    const erased = [...files].filter((name) => !left.has(name)).length;
    this.returns.push({ site, atMs, untilMs: this.#options.now(), awayMs, files: files.size, erased });
  }

  #cityOf(site: string): string {
    return this.#options.desk.charter.sites.find(({ id }) => id === site)?.city ?? site;
  }

  async #filesOf(site: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    for await (const { segment, index } of this.#options.stage.walk(site, 'what changed'))
      names.add(`${segment}/${index}`);
    return names;
  }
}

const sayings: { readonly [deed in Deed]: readonly [en: string, fr: string] } = {
  burn: ['fire', 'incendie'],
  kill: ['power lost', 'coupure de courant'],
  stop: ['stopped in order', 'arrêt propre'],
  start: ['switched on again', 'remise en marche'],
  'restart-each': ['upgrade, site by site', 'mise à jour, site après site'],
  cut: ['cut off from the network', 'coupure du réseau'],
  rejoin: ['back on the network', 'retour sur le réseau'],
  slow: ['messages at another pace', 'changement de rythme des messages'],
  rot: ['bytes rot on the disk', 'octets altérés sur le disque'],
  lie: ['begins to lie', 'début des mensonges'],
  fill: ['disk full', 'disque plein'],
  'empty-disk': ['room on the disk again', 'disque de nouveau disponible'],
  'late-purge': ['a purge that should not run', 'purge intempestive'],
  release: ['The agency gives up files', 'L’administration renonce à des fichiers'],
  'declare-lost': ['declared lost', 'déclaration de perte'],
  maintenance: ['maintenance announced', 'maintenance annoncée'],
  readmit: ['readmitted by its engineer', 'réadmission par l’ingénieur'],
};

function wordsOf(deed: Deed, sites: readonly string[]): Words {
  const [en, fr] = sayings[deed];
  const who = sites.join(', ');
  return sites.length === 0 ? { en, fr } : { en: `${who}: ${en}`, fr: `${who} : ${fr}` };
}
