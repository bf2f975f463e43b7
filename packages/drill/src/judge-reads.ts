// What is judged of reading: that it worked, and that no byte was wrong.

import type { Words } from '@vauban/report';
import { darknessOf, mostDark } from './dark-sites.ts';
import type { Seen, Verdict } from './promises.ts';
import type { Deal } from './result.ts';
import { counted, words } from './words.ts';

/**
 * Every file was read back after the last deed, and no read failed but while the drill held more than m sites dark, for want
 * of fragments or answers: that excuse stands only where no more than m are dark in the end.
 */
export function judgeReads(seen: Seen): Verdict {
  const { deals, network, readBack } = seen;
  const reads = deals.filter(({ operation }) => operation === 'read');
  const lastMs = Math.max(...seen.done.map(({ endedMs }) => endedMs));
  const after = reads.filter((one) => isGoodRead(one) && one.atMs - one.tookMs >= lastMs).length;
  const failed = reads.filter(({ error }) => error !== undefined);
  const darkness = darknessOf(seen.done);
  const endMs = seen.endedAt - seen.startedAt;
  const dark = (fromMs: number, toMs: number) => mostDark(darkness, { fromMs, toMs }) > network.m;
  const mayExcuse = !dark(endMs, endMs);
  const broken = failed.filter(
    ({ error, atMs, tookMs }) =>
      !(
        mayExcuse &&
        (error?.kind === 'unreachable' || error?.kind === 'missing-fragments') &&
        dark(atMs - tookMs, atMs)
      ),
  );
  const whole = counted(readBack.whole, ['file', 'files'], ['fichier', 'fichiers']);
  const kept = broken.length === 0 && after > 0 && readBack.files > 0 && readBack.whole === readBack.files;
  const excused = failed.length - broken.length;
  const codes = [...new Set(broken.flatMap(({ error }) => (error === undefined ? [] : [error.code])))].slice(
    0,
    3,
  );
  const how =
    broken.length === 0 ? words('no read failed', 'aucune lecture n’a échoué') : failing(broken, codes);
  const but =
    excused === 0
      ? words('', '')
      : words(
          `, but for ${excused} while more than ${network.m} sites were dark`,
          `, hormis ${excused} pendant que plus de ${network.m} sites étaient éteints`,
        );
  const none =
    after > 0
      ? words('', '')
      : words('; none succeeded after the last event', ' ; aucune n’a abouti après le dernier événement');
  return {
    kept,
    detail: words(
      `${whole.en} of ${readBack.files} read back whole in the end; ${how.en}${but.en}${none.en}.`,
      `${whole.fr} sur ${readBack.files} relus intacts à la fin ; ${how.fr}${but.fr}${none.fr}.`,
    ),
  };
}

function failing(broken: readonly Deal[], codes: readonly string[]): Words {
  const reads = counted(broken.length, ['read', 'reads'], ['lecture', 'lectures']);
  return words(`${reads.en} failed (${codes.join(', ')})`, `échecs : ${reads.fr} (${codes.join(', ')})`);
}

export function judgeBytes({ deals, done }: Seen): Verdict {
  const wrong = deals.filter(({ wrongBytes }) => wrongBytes === true).length;
  const firstMs = Math.min(...done.map(({ atMs }) => atMs));
  const compared = deals.filter((one) => isGoodRead(one) && one.atMs >= firstMs).length;
  const reads = counted(compared + wrong, ['read', 'reads'], ['lecture', 'lectures']);
  return {
    kept: wrong === 0 && compared > 0,
    detail: words(
      `${reads.en} compared with the hash of what was stored since the first event; ${wrong === 0 ? 'all alike' : `${wrong} had other bytes`}.`,
      `${reads.fr} comparées à l’empreinte de l’original depuis le premier événement ; ${wrong === 0 ? 'toutes identiques' : `${wrong} avec d’autres octets`}.`,
    ),
  };
}

export function isGoodRead({ operation, error, wrongBytes }: Deal): boolean {
  return operation === 'read' && error === undefined && wrongBytes === undefined;
}
