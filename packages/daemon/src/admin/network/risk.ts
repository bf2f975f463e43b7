// The first line of the live map: is any data at risk, and what is being done? Pure. What is not known never hides what is
// known to be bad, and never passes for good news.

import { counted, periodIn } from './amounts.ts';
import type { NetworkFacts, Risk, RiskLevel, Words } from './network-view.ts';
import { doingOf } from './risk-doing.ts';

const segment = { en: 'segment', fr: 'segment' };
const site = { en: 'site', fr: 'site' };
/** Counted longer ago than this, a person is told. */
const COUNT_OLD_MS = 60_000;

export function riskOf(facts: NetworkFacts): Risk {
  const level = levelOf(facts);
  const [line, doing] = [lineOf(facts, level), doingOf(facts, level)];
  return { level, line: set(line), doing: set(doing), unknown: unknownOf(facts).map(set) };
}

/** Spaces before high punctuation do not break lines in French. */
function set({ en, fr }: Words): Words {
  return { en, fr: fr.replace(/ (?=[:;!?»])|(?<=«) /g, '\u00a0') };
}

function levelOf({ margin, hosters, seenBy }: NetworkFacts): RiskLevel {
  // Whoever is cut off sees nothing but silence: what it would conclude from that is about itself.
  if (!hosters.quorum || margin.countedAt === null) return 'unknown';
  if (margin.unreadable > 0) return 'unreadable';
  if (margin.worst !== null && margin.worst <= 0) return 'critical';
  if (seenBy.behind !== null) return 'unknown';
  return margin.below > 0 ? 'reduced' : 'none';
}

function lineOf(facts: NetworkFacts, level: RiskLevel): Words {
  const { margin, hosters, seenBy } = facts;
  const { segments, worst, promised, unreadable, below, bySites } = margin;
  const all = counted(segments, segment);
  const of = (part: number): Words => {
    if (part === segments && part === 1) return { en: 'The one segment', fr: 'L’unique segment' };
    if (part === segments) return { en: `All ${all.en}`, fr: `Les ${all.fr}` };
    return { en: `${part} of ${all.en}`, fr: `${part} sur ${all.fr}` };
  };
  switch (level) {
    case 'unknown':
      if (!hosters.quorum) {
        const { heard, all: voting, needed } = hosters;
        const still = stillReads(margin, of);
        return {
          en: `Nobody can tell from here whether data is at risk: only ${heard} of ${voting} hosters ${heard === 1 ? 'is' : 'are'} heard, and it takes ${needed}.${still.en}`,
          fr: `Impossible de dire d’ici si des données sont en danger : on n’entend que ${heard} hébergeur${heard < 2 ? '' : 's'} sur ${voting}, et il en faut ${needed}.${still.fr}`,
        };
      }
      if (margin.countedAt === null) {
        return {
          en: 'Nobody can tell from here yet whether data is at risk: the segments are still being counted.',
          fr: 'Impossible de dire encore d’ici si des données sont en danger : les segments sont en cours de comptage.',
        };
      }
      return {
        en: `No data is known to be at risk, but this copy of the ledger may be old: ${seenBy.behind}.`,
        fr: 'Aucune donnée en danger connue, mais cette copie du registre peut être en retard : elle est relue chez les autres hébergeurs.',
      };
    case 'unreadable':
      return {
        en: `DATA CANNOT BE READ NOW: ${of(unreadable).en} ${unreadable === 1 ? 'has' : 'have'} too few fragments on sites that answer.`,
        fr: `DES DONNÉES SONT ILLISIBLES EN CE MOMENT : ${of(unreadable).fr} n’${unreadable < 2 ? 'a' : 'ont'} plus assez de fragments sur les sites qui répondent.`,
      };
    case 'critical': {
      const last = (bySites['0'] ?? 0) + (bySites['-1'] ?? 0);
      return {
        en: `DATA IS AT RISK: everything still reads, but the loss of one more site can make ${last === segments ? 'it' : `${last} of ${all.en}`} unreadable.`,
        fr: `DES DONNÉES SONT EN DANGER : tout se lit encore, mais la perte d’un site de plus peut rendre ${last === segments ? 'tout' : `${last} sur ${all.fr}`} illisible${last === segments || last < 2 ? '' : 's'}.`,
      };
    }
    case 'reduced':
      return {
        en: `No data is lost. ${of(below).en} ${below === 1 ? 'is' : 'are'} less safe than promised: ${more(worst).en} may be lost, instead of ${promised}.`,
        fr: `Aucune donnée n’est perdue. ${of(below).fr} ${below < 2 ? 'est moins sûr' : 'sont moins sûrs'} que promis : on peut encore perdre ${more(worst).fr}, au lieu de ${promised}.`,
      };
    case 'none':
      break;
  }
  return worst === null
    ? {
        en: 'No data is at risk: nothing is stored yet.',
        fr: 'Aucune donnée n’est en danger : rien n’est encore stocké.',
      }
    : {
        en: `No data is at risk: ${more(worst).en} may be lost.`,
        fr: `Aucune donnée n’est en danger : on peut encore perdre ${more(worst).fr}.`,
      };
}

/** What is certain without a quorum too: what can be read from the sites that are heard. */
function stillReads(
  { countedAt, segments, unreadable, worst }: NetworkFacts['margin'],
  of: (part: number) => Words,
): Words {
  if (countedAt === null || segments === 0) return { en: '', fr: '' };
  if (unreadable > 0) {
    const part = of(unreadable);
    return {
      en: ` From the sites that are heard alone, ${lower(part.en)} cannot be read.`,
      fr: ` Avec les seuls sites que l’on entend, ${lower(part.fr)} ne peu${unreadable < 2 ? 't' : 'vent'} être lu${unreadable < 2 ? '' : 's'}.`,
    };
  }
  if (worst === null || worst <= 0) {
    return {
      en: ' Everything can still be read from the sites that are heard, but not if another of them is lost.',
      fr: ' Tout peut encore être lu sur les sites que l’on entend, mais plus si l’un d’eux est perdu.',
    };
  }
  return {
    en: ` Everything can still be read from the sites that are heard, and ${more(worst).en} may be lost.`,
    fr: ` Tout peut encore être lu sur les sites que l’on entend, et on peut encore perdre ${more(worst).fr}.`,
  };
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `any 3 more sites`, `3 sites de plus`. */
function more(sites: number | null): Words {
  if (sites === 1) return { en: 'one more site', fr: 'un site de plus' };
  return { en: `any ${sites ?? 0} more sites`, fr: `${counted(sites ?? 0, site).fr} de plus` };
}

function unknownOf(facts: NetworkFacts): Words[] {
  const { seenBy, margin, answers, daemons, at, sites, hosters, repair, charter } = facts;
  const found: Words[] = [];
  if (seenBy.behind !== null && hosters.quorum) {
    found.push({
      en: `The newest entries may be missing from this copy of the ledger: ${seenBy.behind}.`,
      fr: 'Les dernières écritures peuvent manquer à cette copie du registre, qui est relue chez les autres hébergeurs.',
    });
  }
  if (seenBy.readOnly !== null) {
    found.push({
      en: 'This daemon itself is read-only: it serves what it holds, and takes, rebuilds and erases nothing until its engineer has looked (vauban daemon readmit).',
      fr: 'Ce démon est lui-même en lecture seule : il sert ce qu’il détient, et ne prend, ne reconstruit ni n’efface rien tant que son ingénieur n’a pas regardé (vauban daemon readmit).',
    });
  }
  if (seenBy.diskFailed) {
    found.push({
      en: 'The disk of this daemon failed a write: what it holds is not counted.',
      fr: 'Le disque de ce démon a refusé une écriture : ce qu’il détient n’est pas compté.',
    });
  }
  if (margin.countedAt !== null && at - margin.countedAt > COUNT_OLD_MS) {
    const ago = at - margin.countedAt;
    found.push({
      en: `Fragments were last counted ${periodIn('en', ago)} ago; who answers is as of now.`,
      fr: `Les fragments ont été comptés il y a ${periodIn('fr', ago)} ; qui répond est l’état présent.`,
    });
  }
  if (sites.some(({ state }) => ['suspect', 'lost', 'unknown'].includes(state))) {
    found.push({
      en: `What the disks of silent sites still hold is not known: after ${periodIn('en', charter.suspectAfterMs)} of silence it is not counted on here.`,
      fr: `Ce que détiennent encore les disques des sites muets n’est pas connu : après ${periodIn('fr', charter.suspectAfterMs)} de silence, on ne compte plus dessus ici.`,
    });
  }
  if (answers === 1 && daemons > 1 && (margin.short > 0 || repair.segments > 0)) {
    found.push({
      en: 'What other daemons rebuild at this moment is not known here until the ledger has it.',
      fr: 'Ce que d’autres démons reconstruisent en ce moment n’est connu ici qu’une fois inscrit dans le registre.',
    });
  }
  return found;
}
