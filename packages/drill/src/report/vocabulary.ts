// What a drill's report calls things, in both languages.

import type { Words } from '@vauban/report';
import type { Operation, PhaseName } from '../result.ts';
import type { Deed } from '../scenario.ts';
import { words } from '../words.ts';

export const operationWords: { readonly [operation in Operation]: Words } = {
  read: words('Reading', 'Lecture'),
  write: words('Storing', 'Enregistrement'),
  list: words('Listing', 'Liste'),
  verify: words('Verifying', 'Vérification'),
};

const phaseWords: { readonly [phase in PhaseName]: Words } = {
  healthy: words('Healthy', 'En ordre'),
  event: words('Event', 'Événement'),
  degraded: words('Degraded', 'Dégradé'),
  repair: words('Repair', 'Réparation'),
  'full-margin': words('Full margin', 'Marge rétablie'),
};

/** The last phase is called by what it is: where the margin did not come back, it begins when the time is over. */
export function phaseName(phase: PhaseName, marginIsBack: boolean): Words {
  return phase === 'full-margin' && !marginIsBack ? words('Time over', 'Délai écoulé') : phaseWords[phase];
}

export const deedWords: { readonly [deed in Deed]: Words } = {
  burn: words('burnt: daemons, disks and keys gone', 'brûlé : démons, disques et clés perdus'),
  kill: words('power cut; disks stay', 'courant coupé ; les disques restent'),
  stop: words('stopped in order', 'arrêté dans les règles'),
  start: words('switched on again', 'remis en marche'),
  'restart-each': words(
    'one after the other: maintenance announced, stopped, started again',
    'l’un après l’autre : maintenance annoncée, arrêt, redémarrage',
  ),
  cut: words('cut off from the network, still running', 'coupé du réseau, toujours en marche'),
  rejoin: words('back on the network', 'de retour sur le réseau'),
  slow: words('delay of messages changed', 'délai des messages modifié'),
  rot: words('bytes changed on the disk', 'octets modifiés sur le disque'),
  lie: words('serves wrong bytes from here on', 'sert désormais des octets faux'),
  fill: words('disk full', 'disque plein'),
  'empty-disk': words('room on the disk again', 'de nouveau de la place sur le disque'),
  'late-purge': words(
    'fragment files erased behind the daemon’s back',
    'fichiers de fragments effacés à l’insu du démon',
  ),
  release: words('files given up by their agency', 'fichiers abandonnés par leur administration'),
  'declare-lost': words('declared lost by the operator', 'déclaré perdu par l’opérateur'),
  maintenance: words('maintenance announced', 'maintenance annoncée'),
  readmit: words('readmitted by its engineer', 'réadmis par son ingénieur'),
};

/** What the charter's waiting times are for, by their names in its text. */
export const durationWords: { readonly [name: string]: Words } = {
  'suspect-after': words(
    'silence after which a daemon gets no new fragments',
    'silence après lequel un démon ne reçoit plus de nouveaux fragments',
  ),
  'lost-after': words(
    'silence after which its fragments are rebuilt elsewhere',
    'silence après lequel ses fragments sont reconstruits ailleurs',
  ),
  takeover: words(
    'wait of the next in line for a fragment',
    'attente du suivant dans l’ordre de reprise d’un fragment',
  ),
  'away-max': words(
    'absence after which a daemon comes back read-only',
    'absence après laquelle un démon revient en lecture seule',
  ),
  'erase-grace': words(
    'between giving a file up and erasing it',
    'entre l’abandon d’un fichier et son effacement',
  ),
  'sweep-grace': words(
    'before erasing what was uploaded and never placed',
    'avant d’effacer ce qui a été envoyé sans jamais être placé',
  ),
  'trim-grace': words('before erasing a copy nobody needs', 'avant d’effacer une copie devenue inutile'),
  'audit-period': words(
    'in which others challenge every fragment',
    'période dans laquelle les autres contrôlent chaque fragment',
  ),
  'scrub-period': words(
    'in which a daemon reads its own disk again',
    'période dans laquelle un démon relit son propre disque',
  ),
  recheck: words('between a failed challenge and the next', 'entre un contrôle manqué et le suivant'),
};
