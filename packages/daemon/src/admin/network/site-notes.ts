// What there is to say of a site beside its state, and of what the whole network is at, in short sentences.

import { counted, numberIn, periodIn, sizeIn } from './amounts.ts';
import type { NetworkFacts, SiteView, Words } from './network-view.ts';

/** Joined, for a table's cell; empty when there is nothing to say. */
export function siteNote(site: SiteView, now: number): Words {
  const notes = [...siteNotes(site, now)];
  return { en: notes.map(({ en }) => en).join('; '), fr: notes.map(({ fr }) => fr).join(' ; ') };
}

function* siteNotes(site: SiteView, now: number): Generator<Words> {
  const { declaredLost, silentMs, maintenanceUntil, daemons, answering } = site;
  if (declaredLost) {
    yield answering > 0
      ? { en: 'declared lost, answers', fr: 'déclaré perdu, répond' }
      : { en: 'declared lost', fr: 'déclaré perdu' };
  }
  if (silentMs !== null) {
    yield { en: `no answer for ${periodIn('en', silentMs)}`, fr: `muet depuis ${periodIn('fr', silentMs)}` };
  }
  if (maintenanceUntil !== null) {
    const left = maintenanceUntil - now;
    yield { en: `away for ${periodIn('en', left)} more`, fr: `absent encore ${periodIn('fr', left)}` };
  }
  if (daemons > 1 && answering < daemons) {
    yield {
      en: `${answering} of ${daemons} daemons answer`,
      fr: `${answering} démons sur ${daemons} répondent`,
    };
  }
  const wrong = site.suspectFragments + site.degradedFragments;
  if (wrong > 0) {
    const fragments = counted(wrong, { en: 'fragment', fr: 'fragment' });
    yield { en: `${fragments.en} failed audits`, fr: `${fragments.fr} en échec au contrôle` };
  }
}

/** Such as: 9 of 9 daemons heard, 9 of 9 hosters (6 needed). */
export function hostersLine({ hosters: { heard, all, needed } }: NetworkFacts): Words {
  return {
    en: `${heard} of ${all} hosters heard, ${needed} needed`,
    fr: `${heard} hébergeurs sur ${all} entendus, il en faut ${needed}`,
  };
}

export function marginLine({ margin }: NetworkFacts): Words {
  const { worst, promised, segments } = margin;
  if (margin.countedAt === null) return { en: 'being counted', fr: 'en cours de comptage' };
  if (worst === null) return { en: 'nothing is stored yet', fr: 'rien n’est encore stocké' };
  const all = counted(segments, { en: 'segment', fr: 'segment' });
  return {
    en: `worst ${worst} of ${promised} promised, over ${all.en}`,
    fr: `au pire ${worst} sur ${promised} promis, pour ${all.fr}`,
  };
}

export function repairLine({ repair, answers }: NetworkFacts): Words {
  const { paused, segments, bytes, etaSeconds, doneSegments, doneBytes } = repair;
  const done: Words =
    doneSegments === 0
      ? { en: '', fr: '' }
      : {
          en: `; ${sizeIn('en', doneBytes)} rebuilt since the start`,
          fr: ` ; ${sizeIn('fr', doneBytes)} reconstruits depuis le démarrage`,
        };
  const here: Words = answers === 1 ? { en: ' here', fr: ' ici' } : { en: '', fr: '' };
  if (segments === 0) {
    const held: Words = paused ? { en: '; paused', fr: ' ; suspendue' } : { en: '', fr: '' };
    return {
      en: `nothing to do${here.en}${held.en}${done.en}`,
      fr: `rien à faire${here.fr}${held.fr}${done.fr}`,
    };
  }
  const n = counted(segments, { en: 'segment', fr: 'segment' });
  const eta = (language: 'en' | 'fr') =>
    paused
      ? language === 'en'
        ? ', paused'
        : ', suspendue'
      : etaSeconds === null
        ? ''
        : `, ${language === 'en' ? 'about' : 'environ'} ${periodIn(language, etaSeconds * 1_000)}`;
  return {
    en: `${n.en}${here.en}, ${sizeIn('en', bytes)} to go${eta('en')}${done.en}`,
    fr: `${n.fr}${here.fr}, ${sizeIn('fr', bytes)} restants${eta('fr')}${done.fr}`,
  };
}

export function auditsLine({ audits }: NetworkFacts): Words {
  const { passed, failed, unanswered, coveredFragments, totalFragments } = audits;
  const n = (language: 'en' | 'fr', value: number) => numberIn(language, value);
  return {
    en: `${n('en', passed)} passed, ${n('en', failed)} failed, ${n('en', unanswered)} unanswered; fragments asked for in this round: ${n('en', coveredFragments)} of ${n('en', totalFragments)}`,
    fr: `${n('fr', passed)} réussi${passed < 2 ? '' : 's'}, ${n('fr', failed)} en échec, ${n('fr', unanswered)} sans réponse ; fragments contrôlés ce tour : ${n('fr', coveredFragments)} sur ${n('fr', totalFragments)}`,
  };
}

export function ledgerLine({ ledger }: NetworkFacts): Words {
  const { logs, entries, certified } = ledger;
  const open = entries - certified;
  const of = {
    logs: counted(logs, { en: 'log', fr: 'journal' }, { en: 'logs', fr: 'journaux' }),
    entries: counted(entries, { en: 'entry', fr: 'écriture' }, { en: 'entries', fr: 'écritures' }),
  };
  return {
    en: `${of.logs.en}, ${of.entries.en}, ${open === 0 ? 'all certified' : `${numberIn('en', open)} not certified`}`,
    fr: `${of.logs.fr}, ${of.entries.fr}, ${open === 0 ? 'toutes certifiées' : `${numberIn('fr', open)} non certifiées`}`,
  };
}
