// What a daemon wants from a person, in French: it says its wants in English, by a code with facts. What is not listed here
// stays in English, and the page says that it is.

import type { Said } from '../admin-ports.ts';
import { numberIn, sizeIn } from './amounts.ts';
import type { Language } from './network-view.ts';

type Facts = Said['facts'];

const number = (facts: Facts, name: string) => {
  const value = facts[name];
  return typeof value === 'number' ? numberIn('fr', value) : '?';
};
const size = (facts: Facts, name: string) => {
  const value = facts[name];
  return typeof value === 'number' ? sizeIn('fr', value) : '?';
};
const day = (facts: Facts, name: string) => {
  const value = facts[name];
  return typeof value === 'number' ? new Date(value).toISOString().slice(0, 10) : '?';
};

const french: { readonly [code: string]: (facts: Facts) => string } = {
  QUORUM_UNHEARD: (facts) =>
    `il n’entend pas assez d’hébergeurs pour un quorum (${number(facts, 'needed')} sur ${number(facts, 'hosters')}, le sien compris) : aucun silence ne compte alors comme une perte, et rien de ce qu’il reconstruirait ne peut être certifié. Regardez d’abord sa liaison et son pare-feu, puis demandez aux autres hébergeurs de démarrer leurs démons`,
  REPAIR_PAUSED: () => 'un opérateur retient la réparation ; pensez à la laisser reprendre',
  SEGMENTS_UNREADABLE: (facts) =>
    `${number(facts, 'segments')} segments ont moins de fragments qu’il n’en faut pour les lire : faites revenir les sites perdus, leurs disques avant tout`,
  SEGMENTS_HOMELESS: (facts) =>
    `${number(facts, 'segments')} segments n’ont pas de place pour un fragment perdu : chaque site qui pourrait le prendre est plein, en lecture seule ou muet ; ajoutez un site ou de la place`,
  ROT_FOUND: (facts) =>
    `${number(facts, 'fragments')} fragments se sont abîmés sur ce disque et attendent d’être reconstruits ; regardez le disque si leur nombre augmente`,
  AUDITS_FAILED: (facts) =>
    `${number(facts, 'fragments')} fragments détenus par d’autres hébergeurs ont échoué deux fois au contrôle : le registre dit chez qui`,
  READ_ONLY: () =>
    'ce démon est en lecture seule : il sert ce qu’il détient, ne prend rien et n’efface rien jusqu’à ce que son ingénieur lance vauban daemon readmit',
  STRAY_FILES: (facts) =>
    `${number(facts, 'files')} fichiers parmi les fragments n’en sont pas : regardez-les, puis sortez-les du répertoire de données`,
  ROOM_SMALL: (facts) =>
    `il ne peut plus prendre que ${size(facts, 'freeBytes')} des ${size(facts, 'capacityBytes')} qu’il offre : libérez le disque, ou indiquez une capacité qui lui convient`,
  CHARTER_ENDING: (facts) =>
    `la charte prend fin le ${day(facts, 'expires')} : les responsables doivent en signer la version suivante`,
  DECLARATION_ENDING: (facts) =>
    `votre déclaration de souveraineté prend fin le ${day(facts, 'validUntil')} : envoyez-en une nouvelle aux responsables`,
};

/** In the language asked for, where there are words for it. `language`: what it came out in. */
export function wantIn(
  { code, message, facts }: Said,
  language: Language,
): { readonly text: string; readonly language: Language } {
  const said = language === 'fr' ? french[code]?.(facts) : undefined;
  if (said === undefined) return { text: message, language: 'en' };
  return { text: said.replace(/ (?=[:;!?»])/g, '\u00a0'), language: 'fr' };
}
