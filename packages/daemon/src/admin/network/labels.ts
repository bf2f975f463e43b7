// What the live map calls things, on the page and in the terminal alike.

import type { HeadView, RiskLevel, SiteState, Words } from './network-view.ts';

const words = (en: string, fr: string): Words => ({ en, fr });

/** A word for each state, and a mark that tells it without colour: as on the map. */
export const stateLabels: { readonly [state in SiteState]: { readonly mark: string; readonly name: Words } } =
  {
    well: { mark: '●', name: words('well', 'en ordre') },
    suspect: { mark: '▲', name: words('suspect', 'suspect') },
    lost: { mark: '✖', name: words('lost', 'perdu') },
    maintenance: { mark: '■', name: words('maintenance', 'maintenance') },
    draining: { mark: '▼', name: words('draining', 'en évacuation') },
    'read-only': { mark: '◆', name: words('read-only', 'lecture seule') },
    unknown: { mark: '○', name: words('unknown', 'inconnu') },
  };

export const levelLabels: { readonly [level in RiskLevel]: Words } = {
  none: words('no risk', 'aucun risque'),
  reduced: words('less safe', 'moins sûr'),
  critical: words('at risk', 'en danger'),
  unreadable: words('unreadable', 'illisible'),
  unknown: words('not known', 'inconnu'),
};

export const writerLabels: { readonly [writer in HeadView['writer']]: Words } = {
  agency: words('agency', 'administration'),
  daemon: words('daemon', 'démon'),
  operator: words('operator', 'opérateur'),
  unknown: words('unknown', 'inconnu'),
};

export const labels = {
  site: words('Site', 'Site'),
  sites: words('Sites', 'Sites'),
  hoster: words('Hoster', 'Hébergeur'),
  state: words('State', 'État'),
  fragments: words('Fragments', 'Fragments'),
  free: words('Free', 'Libre'),
  margin: words('Margin', 'Marge'),
  marginOf: words('Sites that may still be lost', 'Sites que l’on peut encore perdre'),
  segments: words('Segments', 'Segments'),
  repair: words('Repair', 'Réparation'),
  audits: words('Audits', 'Contrôles'),
  ledger: words('Ledger', 'Registre'),
  charter: words('Charter', 'Charte'),
  maintenance: words('Maintenance', 'Maintenances'),
  wants: words('Wants a person', 'Demande quelqu’un'),
  unknown: words('What is not known from here', 'Ce qu’on ne sait pas d’ici'),
  drill: words('A drill is under way', 'Un exercice est en cours'),
  auditor: words('Auditor', 'Contrôleur'),
  audited: words('Audited', 'Contrôlé'),
  asked: words('Leaves asked', 'Feuilles demandées'),
  wrong: words('Wrong', 'Fausses'),
  time: words('Time', 'Heure'),
  writer: words('Writer', 'Auteur'),
  entries: words('Entries', 'Écritures'),
  certified: words('Certified', 'Certifiées'),
  until: words('Until', 'Jusqu’à'),
  from: words('Comes from', 'Vient de'),
  rate: words('A second', 'Par seconde'),
  network: words('The network', 'Le réseau'),
  heads: words('Newest heads of the ledger', 'Dernières têtes du registre'),
} as const;
