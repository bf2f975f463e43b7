// The second part of the live map's first line: what is being done, the most pressing first. Pure.

import { counted, namesIn, periodIn, sizeIn } from './amounts.ts';
import type { NetworkFacts, RiskLevel, SiteView, Words } from './network-view.ts';

const segment = { en: 'segment', fr: 'segment' };

/** Empty in both languages when nothing can be said to be done. */
export function doingOf(facts: NetworkFacts, level: RiskLevel): Words {
  const said = [...sentences(facts, level)];
  if (said.length === 0) {
    return level === 'unknown'
      ? { en: '', fr: '' }
      : { en: 'Nothing is to be repaired.', fr: 'Rien n’est à réparer.' };
  }
  return { en: said.map((one) => one.en).join(' '), fr: said.map((one) => one.fr).join(' ') };
}

/** What is being done, the most pressing first. */
function* sentences(facts: NetworkFacts, level: RiskLevel): Generator<Words> {
  const { hosters, repair, margin, sites, charter } = facts;
  if (!hosters.quorum) {
    const alone = facts.answers === 1;
    yield {
      en: `Nothing can be rebuilt or certified meanwhile: ${alone ? 'look at this daemon’s own line and firewall first, then' : ''} ask the hosters that are not heard to start their daemons.`.replace(
        '  ',
        ' ',
      ),
      fr: `Rien ne peut être reconstruit ni certifié pendant ce temps : ${alone ? 'regardez d’abord la liaison et le pare-feu de ce démon, puis' : ''} demandez aux hébergeurs qu’on n’entend pas de démarrer leurs démons.`.replace(
        '  ',
        ' ',
      ),
    };
    return;
  }
  const silent = sites.filter(({ state }) => state === 'suspect');
  const lost = sites.filter(({ state }) => state === 'lost');
  const away = sites.filter((one) => one.state === 'maintenance' && one.answering < one.daemons);
  if (level === 'unreadable') {
    const names = namesIn([...lost, ...silent, ...away].map(({ city }) => city));
    yield {
      en: `They read again once enough of their fragments are back${names.en === '' ? '' : ` (${names.en})`}: their disks come before all else.`,
      fr: `Ils redeviendront lisibles quand assez de leurs fragments seront revenus${names.fr === '' ? '' : ` (${names.fr})`} : leurs disques passent avant tout.`,
    };
  }
  if (repair.paused) {
    yield {
      en: 'Repair is paused by an operator: nothing is rebuilt until «vauban repair resume».',
      fr: 'La réparation est suspendue par un opérateur : rien n’est reconstruit avant « vauban repair resume ».',
    };
  } else yield* underWay(facts, lost);
  yield* silent.length === 0 ? [] : [waitedFor(silent, charter.lostAfterMs)];
  yield* away.map((one) => announced(one, facts.at));
  if (repair.homeless > 0) {
    const n = counted(repair.homeless, segment);
    yield {
      en: `${n.en} cannot be made whole: no site may or can take their fragments; add a site, or room.`,
      fr: `${n.fr} ne ${repair.homeless < 2 ? 'peut' : 'peuvent'} être complétés : aucun site ne peut prendre ces fragments ; ajoutez un site, ou de la place.`,
    };
  }
  if (margin.below > 0 && margin.short === 0 && repair.segments === 0) {
    yield {
      en: 'Every fragment is in place again: it is the best that the sites left allow.',
      fr: 'Tous les fragments sont de nouveau en place : c’est le mieux que permettent les sites restants.',
    };
  }
}

function* underWay({ repair, margin, answers }: NetworkFacts, lost: readonly SiteView[]): Generator<Words> {
  const { segments, bytes, etaSeconds } = repair;
  if (segments > 0) {
    const n = counted(segments, segment);
    const eta = (language: 'en' | 'fr') =>
      etaSeconds === null
        ? ''
        : `, ${language === 'en' ? 'about' : 'environ'} ${periodIn(language, etaSeconds * 1_000)}`;
    const alone = answers === 1;
    yield {
      en: `${n.en} ${segments === 1 ? 'is' : 'are'} being rebuilt ${alone ? 'here; other daemons rebuild their part' : 'now'}: ${sizeIn('en', bytes)} to go${eta('en')}.`,
      fr: `${n.fr} en cours de reconstruction ${alone ? 'ici, les autres démons font leur part' : ''} : ${sizeIn('fr', bytes)} restants${eta('fr')}.`.replace(
        '  ',
        ' ',
      ),
    };
  } else if (margin.short > 0 && lost.length > 0) {
    const names = namesIn(lost.map(({ city }) => city));
    yield answers === 1
      ? {
          en: `What ${names.en} held is for other daemons to rebuild; nothing of it falls to this one.`,
          fr: `Ce que ${names.fr} ${lost.length === 1 ? 'détenait' : 'détenaient'} revient à d’autres démons ; rien n’en revient à celui-ci.`,
        }
      : {
          en: `What ${names.en} held is about to be rebuilt.`,
          fr: `Ce que ${names.fr} ${lost.length === 1 ? 'détenait' : 'détenaient'} va être reconstruit.`,
        };
  }
}

function waitedFor(silent: readonly SiteView[], lostAfterMs: number): Words {
  const names = namesIn(silent.map(({ city }) => city));
  const known = silent.flatMap(({ silentMs }) => (silentMs === null ? [] : [silentMs]));
  const longest = Math.max(...known);
  const one = silent.length === 1;
  const since = (language: 'en' | 'fr') =>
    known.length === 0
      ? ''
      : language === 'en'
        ? ` for ${periodIn('en', longest)}`
        : ` depuis ${periodIn('fr', longest)}`;
  const left = Math.max(0, lostAfterMs - (known.length === 0 ? 0 : longest));
  return {
    en: `${names.en} ${one ? 'has' : 'have'} not answered${since('en')}: after another ${periodIn('en', left)} of silence what ${one ? 'it' : 'they'} held is rebuilt elsewhere.`,
    fr: `${names.fr} ne ${one ? 'répond' : 'répondent'} plus${since('fr')} : après encore ${periodIn('fr', left)} de silence, ce qui s’y trouvait sera reconstruit ailleurs.`,
  };
}

function announced({ city, maintenanceUntil }: SiteView, now: number): Words {
  const left = (maintenanceUntil ?? now) - now;
  return {
    en: `${city} is away on purpose for another ${periodIn('en', left)}, and is waited for.`,
    fr: `${city} est en maintenance annoncée pour encore ${periodIn('fr', left)} : on l’attend.`,
  };
}
