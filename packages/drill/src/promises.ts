// The judgement: from what was seen, which promises were kept (SPEC, "What is judged"). Pure and the same for everybody who
// has the result. Latency is shown and never judged; what was not seen counts as broken, never as kept.

import { standardDurations } from '@vauban/core';
import type { Words } from '@vauban/report';
import { judgeLedger, judgeReturns } from './judge-course.ts';
import { judgeMargin } from './judge-margin.ts';
import { isGoodRead, judgeBytes, judgeReads } from './judge-reads.ts';
import type { DrillResult, Promised } from './result.ts';
import { citiesOf, counted, listed, words } from './words.ts';

/** A result before it is judged. */
export type Seen = Omit<DrillResult, 'promises'>;

export interface Verdict {
  readonly kept: boolean;
  readonly detail: Words;
}

const titles = {
  'acknowledged-data-reads': words('What is stored can be read', 'Ce qui est enregistré reste lisible'),
  'no-wrong-byte': words('No wrong byte is ever returned', 'Aucun octet faux n’est jamais rendu'),
  'nothing-purged': words(
    'Nothing is erased that is to be kept',
    'Rien de ce qui doit être conservé n’est effacé',
  ),
  'margin-returns': words(
    'The margin returns to the best that the remaining sites allow',
    'La marge revient au mieux de ce que permettent les sites restants',
  ),
  'disks-agree': words(
    'The disks hold what the ledger says',
    'Les disques détiennent ce que dit le registre',
  ),
  'ledger-goes-on': words(
    'The ledger goes on while a quorum stands',
    'Le registre progresse tant qu’un quorum subsiste',
  ),
  'comes-back-read-only': words(
    'A disk that was away for too long comes back read-only',
    'Un disque absent trop longtemps revient en lecture seule',
  ),
} as const;

export type PromiseName = keyof typeof titles;

/** In the order in which a report shows them; the last one only where a site was away for too long. */
export function judge(seen: Seen): readonly Promised[] {
  const late = lateReturns(seen);
  const verdicts: [PromiseName, () => Verdict][] = [
    ['acknowledged-data-reads', () => judgeReads(seen)],
    ['no-wrong-byte', () => judgeBytes(seen)],
    ['nothing-purged', () => judgePurges(seen)],
    ['margin-returns', () => judgeMargin(seen)],
    ['disks-agree', () => judgeDisks(seen)],
    ['ledger-goes-on', () => judgeLedger(seen)],
    ...(late.length === 0
      ? []
      : [['comes-back-read-only', () => judgeReturns(seen, late)] satisfies [PromiseName, () => Verdict]]),
  ];
  const empty = emptiness(seen);
  return verdicts.map(([name, verdict]) => ({
    name,
    title: titles[name],
    ...(empty === undefined ? verdict() : { kept: false, detail: empty }),
  }));
}

/** Why nothing at all was shown; undefined when something was. */
function emptiness({ samples, done, disksBefore, deals }: Seen): Words | undefined {
  if (samples.length === 0)
    return words(
      'The network was never seen: nothing is shown.',
      'Le réseau n’a jamais été observé : rien n’est démontré.',
    );
  if (done.length === 0)
    return words(
      'Nothing was done to any site: nothing is shown.',
      'Aucun site n’a été touché : rien n’est démontré.',
    );
  if (disksBefore.segments === 0)
    return words(
      'Nothing was stored: nothing is shown.',
      'Rien n’avait été enregistré : rien n’est démontré.',
    );
  if (!deals.some(isGoodRead))
    return words(
      'Not a single read succeeded: nothing is shown.',
      'Aucune lecture n’a abouti : rien n’est démontré.',
    );
  return undefined;
}

function judgePurges({ disksAfter, disksBefore, network }: Seen): Verdict {
  const gone = disksAfter.vanished.reduce((sum, { fragments }) => sum + fragments, 0);
  const where = listed(
    citiesOf(
      network,
      disksAfter.vanished.map(({ site }) => site),
    ),
  );
  const lost = counted(gone, ['fragment', 'fragments'], ['fragment', 'fragments']);
  if (gone > 0) {
    return {
      kept: false,
      detail: words(
        `${lost.en} vanished from disks that still stand: ${where.en}.`,
        `${lost.fr} disparus de disques encore debout : ${where.fr}.`,
      ),
    };
  }
  const had = counted(disksBefore.fragments, ['fragment', 'fragments'], ['fragment', 'fragments']);
  return {
    kept: disksAfter.segments > 0,
    detail: words(
      `Of ${had.en} before, none that is to be kept was erased from a disk that still stands without another copy elsewhere.`,
      `Des ${had.fr} d’avant, aucun de ceux à conserver n’a été effacé d’un disque encore debout sans qu’une autre copie en subsiste.`,
    ),
  };
}

function judgeDisks({ disksAfter, aborted }: Seen): Verdict {
  const { fragments, missing, damaged } = disksAfter;
  const held = counted(fragments, ['fragment', 'fragments'], ['fragment', 'fragments']);
  const lacking = counted(missing, ['fragment', 'fragments'], ['fragment', 'fragments']);
  const files = counted(
    damaged,
    ['damaged file', 'damaged files'],
    ['fichier endommagé', 'fichiers endommagés'],
  );
  return {
    kept: missing === 0 && disksAfter.segments > 0 && aborted === null,
    detail: words(
      `${held.en} found and hashed; ${missing === 0 ? 'none is missing that the ledger counts on' : `${lacking.en} missing that the ledger counts on`}; ${files.en}.`,
      `${held.fr} trouvés et vérifiés par leur empreinte ; ${missing === 0 ? 'aucun de ceux sur lesquels compte le registre ne manque' : `manquants alors que le registre y compte : ${lacking.fr}`} ; ${files.fr}.`,
    ),
  };
}

/** Of sites that were away for longer than the charter, as it was for the drill, lets a disk simply go on. */
function lateReturns({ returns, durations }: Seen): Seen['returns'] {
  const row = durations.find(({ name }) => name === 'away-max');
  const awayMaxMs = row?.drillMs ?? standardDurations.awayMaxMs;
  return returns.filter(({ awayMs }) => awayMs > awayMaxMs);
}
