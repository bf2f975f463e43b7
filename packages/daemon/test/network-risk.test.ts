// The first line of the live map, in each state that a network can be in: what it says, and that nothing unknown passes for
// good news.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NetworkFacts, SiteView } from '../src/admin/network/network-view.ts';
import { riskOf } from '../src/admin/network/risk.ts';
import { factsOf } from './network-setup.ts';

const MIN = 60_000;
type Of = Parameters<typeof factsOf>;
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');
const spoken = (...of: Of) => {
  const { level, line, doing, unknown } = riskOf(factsOf(...of));
  return {
    level,
    en: plain(`${line.en} ${doing.en}`),
    fr: plain(`${line.fr} ${doing.fr}`),
    unknown: unknown.map(({ en }) => plain(en)),
  };
};

const silent: Partial<SiteView> = { state: 'suspect', silentMs: 4 * MIN, answering: 0 };
const lost: Partial<SiteView> = { state: 'lost', silentMs: 20 * MIN, answering: 0, freeBytes: null };
const two = { worst: 2, bySites: { '2': 43, '3': 20 }, below: 43, short: 43 };
const hosters = (heard: number) => ({ heard, all: 9, needed: 6, quorum: heard >= 6 });

describe('the first line says', () => {
  test('that no data is at risk, and that there is nothing to do', () => {
    expect(spoken()).toEqual({
      level: 'none',
      en: 'No data is at risk: any 3 more sites may be lost. Nothing is to be repaired.',
      fr: 'Aucune donnée n’est en danger : on peut encore perdre 3 sites de plus. Rien n’est à réparer.',
      unknown: [],
    });
  });

  test('that nothing is stored, where nothing is', () => {
    const empty = { segments: 0, worst: null, promised: null, bySites: {} };
    expect(spoken({ margin: empty })).toMatchObject({
      level: 'none',
      en: 'No data is at risk: nothing is stored yet. Nothing is to be repaired.',
    });
  });

  test('of a silent site, how long it is still waited for', () => {
    const { level, en, fr, unknown } = spoken({ margin: two, hosters: hosters(8) }, { strasbourg: silent });
    expect(level).toBe('reduced');
    expect(en).toBe(
      'No data is lost. 43 of 63 segments are less safe than promised: any 2 more sites may be lost, instead of 3. ' +
        'Strasbourg has not answered for 4 min: after another 11 min of silence what it held is rebuilt elsewhere.',
    );
    expect(fr).toBe(
      'Aucune donnée n’est perdue. 43 sur 63 segments sont moins sûrs que promis : on peut encore perdre 2 sites de plus, au lieu de 3. ' +
        'Strasbourg ne répond plus depuis 4 min : après encore 11 min de silence, ce qui s’y trouvait sera reconstruit ailleurs.',
    );
    expect(unknown[0]).toBe(
      'What the disks of silent sites still hold is not known: after 30 s of silence it is not counted on here.',
    );
  });

  test('of a lost one, what is being rebuilt, here and by others', () => {
    const repair = { segments: 9, bytes: 20_000_000, etaSeconds: 120 };
    const one = spoken({ margin: two, repair }, { strasbourg: lost });
    expect(one.en).toContain(
      '9 segments are being rebuilt here; other daemons rebuild their part: 20 MB to go, about 2 min.',
    );
    expect(one.fr).toContain(
      '9 segments en cours de reconstruction ici, les autres démons font leur part : 20 Mo restants, environ 2 min.',
    );
    expect(one.unknown).toContain(
      'What other daemons rebuild at this moment is not known here until the ledger has it.',
    );
    const all = spoken({ margin: two, repair, answers: 8 }, { strasbourg: lost });
    expect(all.en).toContain('9 segments are being rebuilt now: 20 MB to go, about 2 min.');
    expect(all.unknown.join()).not.toContain('What other daemons rebuild');
    const others = spoken({ margin: two }, { strasbourg: lost });
    expect(others.en).toContain(
      'What Strasbourg held is for other daemons to rebuild; nothing of it falls to this one.',
    );
  });

  test('that it is over, and as good as it gets on the sites left', () => {
    const { level, en } = spoken({ margin: { ...two, short: 0 } }, { strasbourg: lost });
    expect(level).toBe('reduced');
    expect(en).toMatch(/Every fragment is in place again: it is the best that the sites left allow\.$/);
  });

  test('that the next loss may cost data', () => {
    const margin = { worst: 0, bySites: { '0': 12, '1': 51 }, below: 63, short: 63 };
    const { level, en, fr } = spoken({ margin }, { strasbourg: lost, metz: lost, nancy: lost });
    expect(level).toBe('critical');
    expect(en).toMatch(
      /^DATA IS AT RISK: everything still reads, but the loss of one more site can make 12 of 63 segments unreadable\./,
    );
    expect(fr).toMatch(/^DES DONNÉES SONT EN DANGER : .* 12 sur 63 segments illisibles\./);
  });

  test('that data cannot be read now, and whose disks come before all else', () => {
    const margin = { worst: -1, bySites: { '-1': 12, '0': 51 }, below: 63, short: 63, unreadable: 12 };
    const { level, en } = spoken({ margin }, { strasbourg: lost, metz: silent, nancy: lost, reims: lost });
    expect(level).toBe('unreadable');
    expect(en).toMatch(
      /^DATA CANNOT BE READ NOW: 12 of 63 segments have too few fragments on sites that answer\. They read again once enough of their fragments are back \(Strasbourg, Nancy and 2 more\): their disks come before all else\./,
    );
  });

  test('that an operator holds repair back', () => {
    const repair = { paused: true, segments: 9, bytes: 20_000_000, etaSeconds: null };
    const { en, fr } = spoken({ margin: two, repair }, { strasbourg: lost });
    expect(en).toMatch(/Repair is paused by an operator: nothing is rebuilt until «vauban repair resume»\.$/);
    expect(en).not.toContain('being rebuilt');
    expect(fr).toMatch(/La réparation est suspendue par un opérateur/);
  });

  test('that a site is away on purpose', () => {
    const away: Partial<SiteView> = {
      state: 'maintenance',
      answering: 0,
      maintenanceUntil: factsOf().at + 100 * MIN,
    };
    const { en } = spoken({ margin: two }, { metz: away });
    expect(en).toMatch(/Metz is away on purpose for another 1 h 40 min, and is waited for\.$/);
  });

  test('that some of it has nowhere to go', () => {
    const { en } = spoken({ margin: two, repair: { homeless: 2 } }, { strasbourg: lost });
    expect(en).toContain(
      '2 segments cannot be made whole: no site may or can take their fragments; add a site, or room.',
    );
  });

  test('that nobody can tell, without a quorum, and not that everything is lost', () => {
    const margin = { worst: -1, bySites: { '-1': 63 }, below: 63, short: 63, unreadable: 63 };
    const { level, en, fr } = spoken({ margin, hosters: hosters(2) });
    expect(level).toBe('unknown');
    expect(en).toBe(
      'Nobody can tell from here whether data is at risk: only 2 of 9 hosters are heard, and it takes 6. ' +
        'From the sites that are heard alone, all 63 segments cannot be read. Nothing can be rebuilt or certified meanwhile: look at this daemon’s own line and firewall first, then ask the hosters that are not heard to start their daemons.',
    );
    expect(fr).toMatch(/^Impossible de dire d’ici si des données sont en danger/);
    const some = { margin: { worst: 1, bySites: { '1': 63 }, below: 63 }, hosters: hosters(5) };
    expect(spoken(some).en).toContain(
      'it takes 6. Everything can still be read from the sites that are heard, and one more site may be lost. Nothing can',
    );
    expect(spoken({ ...some, margin: { worst: 0 } }).fr).toContain(
      'Tout peut encore être lu sur les sites que l’on entend, mais plus si l’un d’eux est perdu.',
    );
  });

  test('that nobody can tell before anything was counted', () => {
    const { level, en } = spoken({ margin: { countedAt: null, segments: 0, worst: null, bySites: {} } });
    expect([level, en]).toEqual([
      'unknown',
      'Nobody can tell from here yet whether data is at risk: the segments are still being counted. ',
    ]);
  });

  test('that its own copy of the ledger may be old', () => {
    const behind = 'it is still reading what the other hosters hold';
    const { level, en } = spoken({ seenBy: { behind } });
    expect(level).toBe('unknown');
    expect(en).toMatch(
      /^No data is known to be at risk, but this copy of the ledger may be old: it is still/,
    );
    const worse = spoken({ seenBy: { behind }, margin: { worst: 0, bySites: { '0': 63 }, below: 63 } });
    expect(worse.level).toBe('critical');
    expect(worse.unknown[0]).toMatch(/^The newest entries may be missing/);
  });
});

describe('what is not known here is told:', () => {
  test('that this daemon itself takes nothing', () => {
    const { level, unknown } = spoken({ seenBy: { readOnly: 'away', mode: 'read-only' } });
    expect(level).toBe('none');
    expect(unknown[0]).toMatch(/^This daemon itself is read-only: .*vauban daemon readmit/);
  });

  test('that its disk failed', () => {
    expect(spoken({ seenBy: { diskFailed: true } }).unknown[0]).toMatch(/disk of this daemon failed a write/);
  });

  test('that the counting is of a while ago', () => {
    const { unknown } = spoken({ margin: { countedAt: factsOf().at - 12 * MIN } });
    expect(unknown).toEqual(['Fragments were last counted 12 min ago; who answers is as of now.']);
  });
});

test('whatever is the case, it is said in both languages, and bad news is never said to be good', () => {
  const sites = ['strasbourg', 'metz', 'nancy', 'reims'] as const;
  const state = fc.constantFrom<Partial<SiteView>>({}, silent, lost, { state: 'unknown', answering: 0 });
  const facts: fc.Arbitrary<NetworkFacts> = fc
    .record({
      worst: fc.integer({ min: -1, max: 3 }),
      short: fc.integer({ min: 0, max: 63 }),
      heard: fc.integer({ min: 1, max: 9 }),
      behind: fc.constantFrom(null, 'it is damaged'),
      counted: fc.boolean(),
      paused: fc.boolean(),
      segments: fc.integer({ min: 0, max: 9 }),
      answers: fc.integer({ min: 1, max: 9 }),
      states: fc.tuple(state, state, state, state),
    })
    .map(({ worst, short, heard, behind, counted, paused, segments, answers, states }) =>
      factsOf(
        {
          answers,
          hosters: hosters(heard),
          seenBy: { behind },
          margin: {
            worst,
            short,
            bySites: { [worst]: 63 },
            below: worst < 3 ? 63 : 0,
            unreadable: worst < 0 ? 63 : 0,
            countedAt: counted ? factsOf().at : null,
          },
          repair: { paused, segments, bytes: segments * 1_000, etaSeconds: null },
        },
        Object.fromEntries(sites.map((site, nth) => [site, states[nth] ?? {}])),
      ),
    );
  fc.assert(
    fc.property(facts, (of) => {
      const { level, line, doing, unknown } = riskOf(of);
      for (const words of [line, ...unknown]) {
        expect(words.en).toMatch(/^[A-Z0-9].*\.$/);
        expect(words.fr).toMatch(/^\p{Lu}|^[0-9]/u);
        expect(`${words.en}${words.fr}`).not.toMatch(/undefined|NaN|Infinity|null| {2}/);
      }
      expect(`${doing.en}${doing.fr}`).not.toMatch(/undefined|NaN|Infinity|null| {2}/);
      expect(doing.en === '').toBe(doing.fr === '');
      const { margin, hosters: heard } = of;
      if (level === 'none') {
        expect([heard.quorum, margin.countedAt === null, of.seenBy.behind]).toEqual([true, false, null]);
        expect(margin.worst).toBe(3);
      }
      if (heard.quorum && margin.countedAt !== null && margin.unreadable > 0)
        expect(level).toBe('unreadable');
    }),
  );
});
