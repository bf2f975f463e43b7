// What a forecast's policies begin with, in words: what was read from a ledger, or that everything is placed anew.

import type { Words } from '@vauban/report';
import type { Forecast, PolicyForecast } from './forecast.ts';
import { SYNTHETIC } from './ground.ts';

/** One paragraph each. */
export function storedText(forecast: Forecast): readonly Words[] {
  const { stored, network, anew } = forecast;
  if (stored === null) {
    if (network.name === SYNTHETIC) return [];
    const [en, fr] =
      anew === 'nothing-stored'
        ? ['The network stores nothing yet', 'Le réseau ne garde encore rien']
        : [
            'What it stores was not read: no hoster answers, or no operator’s key is here',
            'Ce qu’il garde n’a pas été lu : aucun hébergeur ne répond, ou aucune clé d’opérateur n’est ici',
          ];
    return [
      {
        en: `${en}. Segments are placed anew on its charter, by the rule that clients use, as many as are assumed.`,
        fr: `${fr}. Les segments sont placés à neuf sur sa charte, par la règle des clients, autant que supposé.`,
      },
    ];
  }
  const { segments, usableBytes, placements, lost, silent, lostSegments, scaledTo, gap } = stored;
  const read = {
    en:
      `Read from the network’s ledger: ${count(segments, 'en')} segments, ${bytesText(usableBytes, 'en')} before coding, ` +
      `on ${count(placements, 'en')} different sets of holders. Daemons lost now: ${lost}; silent: ${silent}.`,
    fr:
      `Lu dans le registre du réseau : ${count(segments, 'fr')} segments, ${bytesText(usableBytes, 'fr')} avant codage, ` +
      `sur ${count(placements, 'fr')} ensembles de détenteurs différents. Démons perdus à présent : ${lost} ; muets : ${silent}.`,
  };
  const others = {
    en: 'This network’s own policy begins with just that. The others keep as much, placed anew on the same charter with everybody there.',
    fr: 'La politique du réseau commence exactement ainsi. Les autres gardent autant, placé à neuf sur la même charte, tous présents.',
  };
  const more: Words[] = [];
  if (lostSegments > 0)
    more.push({
      en: `${count(lostSegments, 'en')} segments are lost already: fewer than k fragments are left. They are not forecast.`,
      fr: `${count(lostSegments, 'fr')} segments sont déjà perdus : il en reste moins de k fragments. Ils ne sont pas simulés.`,
    });
  if (scaledTo !== null)
    more.push({
      en: `Simulated as if it were ${count(scaledTo, 'en')} segments, bytes in proportion.`,
      fr: `Simulé comme s’il y avait ${count(scaledTo, 'fr')} segments, octets en proportion.`,
    });
  if (gap !== null)
    more.push({
      en: `The newest entries may be missing: ${gap}.`,
      fr: `Les dernières inscriptions peuvent manquer : tous les votants n’ont pas répondu.`,
    });
  return [read, ...more, ...forecast.policies.flatMap(marginsText), others];
}

function marginsText({ keeping, stock }: PolicyForecast): readonly Words[] {
  if (stock === null) return [];
  const margins = (language: 'en' | 'fr') =>
    stock.margins.map(({ margin, segments }) => `${margin} (${count(segments, language)})`).join(', ');
  return [
    {
      en: `Fragments to spare now under ${keeping.name.en}, and segments that have so many: ${margins('en')}.`,
      fr: `Fragments de réserve à présent avec ${keeping.name.fr}, et segments qui en ont autant : ${margins('fr')}.`,
    },
  ];
}

function count(many: number, language: 'en' | 'fr'): string {
  return Math.round(many).toLocaleString(language === 'en' ? 'en-GB' : 'fr-FR');
}

const UNITS = { en: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], fr: ['o', 'ko', 'Mo', 'Go', 'To', 'Po'] };

function bytesText(bytes: number, language: 'en' | 'fr'): string {
  const power = Math.min(5, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const number = Number((bytes / 1_000 ** power).toPrecision(3));
  return `${number.toLocaleString(language === 'en' ? 'en-GB' : 'fr-FR')} ${UNITS[language][power]}`;
}
