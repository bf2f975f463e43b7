// A site as the map shows it.

import type { Words } from '../document.ts';

export type SiteState = 'well' | 'suspect' | 'lost' | 'maintenance' | 'draining' | 'read-only' | 'unknown';

export interface MapSite {
  readonly id: string;
  readonly name: string;
  readonly hoster?: string;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  readonly state: SiteState;
  readonly note?: Words;
}
