// Of whom nothing can be expected: who lies, who burnt, whose disk was put back or changed by no program of its own.

import type { Told } from '../checker.ts';

export class Harmed {
  readonly #lying = new Set<string>();
  readonly #lost = new Set<string>();

  told(event: Told): void {
    if (event.of === 'lies') this.#lying.add(event.hoster);
    if (event.of === 'burnt') this.#lost.add(event.hoster);
    if (event.of === 'restored' || event.of === 'damaged') this.#lost.add(event.machine);
  }

  lies(hoster: string): boolean {
    return this.#lying.has(hoster);
  }

  has(hoster: string): boolean {
    return this.#lying.has(hoster) || this.#lost.has(hoster);
  }
}
