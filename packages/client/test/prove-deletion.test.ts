// What a machine of the agency can prove of a deletion, over mirrors that admit what daemons erase.

import { utf8 } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { checkDeletion, notErased, type Place } from '@vauban/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { proveDeletion } from '../src/prove.ts';
import { Archive, DAY_MS, type Device } from './archive.ts';

let archive: Archive;
let laptop: Device;
beforeEach(async () => {
  archive = await Archive.open();
  laptop = archive.device('laptop');
});

async function prove(device: Device, path: string) {
  const { charters, clock } = archive;
  const { text, statement } = await archive.run(
    proveDeletion(
      {
        membership: { chain: charters, reader: (logs) => archive.reader(logs) },
        door: device.door,
        namespace: device.view,
        catalog: device.namespace.catalog,
        onNotice: ({ message }) => expect.fail(message),
      },
      { path, at: clock.now() },
    ),
  );
  expect(await checkDeletion(crypto, utf8(text), charters.root)).toEqual(statement);
  return statement;
}

const purge = (...places: readonly Place[]) => ({
  kind: 'purge' as const,
  segments: places.map(({ segment }) => segment),
  payloads: [],
  generation: 1,
});

describe('a proof of deletion', () => {
  it('says who has not erased yet, until all have', async () => {
    const [first, second] = [archive.place('first'), archive.place('second')];
    await laptop.put([laptop.large('d/a', first)], first);
    await laptop.put([laptop.large('d/a', second)], second);
    await archive.pass(DAY_MS);
    await laptop.remove('d');

    const waiting = async () => {
      const { finished, segments } = await prove(laptop, 'd');
      expect(segments.flatMap(({ claims }) => claims.filter(({ released }) => released === null))).toEqual(
        [],
      );
      return { finished, sites: segments.map((one) => notErased(one).map(({ site }) => site)) };
    };
    expect(await waiting()).toEqual({
      finished: false,
      sites: [
        ['h1', 'h2', 'h3'],
        ['h1', 'h2', 'h3'],
      ],
    });
    await archive.pass(archive.graceMs + 1);
    await archive.daemonWrites('h1', purge(first, second));
    await archive.daemonWrites('h3', purge(second));
    expect(await waiting()).toEqual({ finished: false, sites: [['h2', 'h3'], ['h2']] });
    await archive.daemonWrites('h2', purge(first, second));
    await archive.daemonWrites('h3', { ...purge(first), generation: 2 });
    expect(await waiting()).toEqual({ finished: true, sites: [[], []] });

    // Another machine of the agency proves the same, from what the hosters hand out.
    const desktop = archive.device('desktop');
    await desktop.follow();
    expect(await prove(desktop, 'd')).toMatchObject({ finished: true });
  });

  it('says that a pack is still claimed for what else is in it', async () => {
    const pack = archive.place('pack');
    await laptop.put([laptop.packed('a', pack), laptop.packed('b', pack, 21)], pack);
    await archive.pass(DAY_MS);
    await laptop.remove('a');
    const { finished, segments } = await prove(laptop, 'a');
    expect(finished).toBe(false);
    expect(segments[0]?.claims.map(({ released }) => released)).toEqual([null]);
  });

  it('counts a claim that an undone deletion left', async () => {
    const place = archive.place('one');
    await laptop.put([laptop.large('a', place)], place);
    await archive.pass(DAY_MS);
    await laptop.remove('a');
    await laptop.undelete('a');
    await expect(prove(laptop, 'a')).rejects.toMatchObject({ kind: 'refused', code: 'NOT_DELETED' });
    await laptop.remove('a');
    const { segments } = await prove(laptop, 'a');
    expect(segments[0]?.claims.map(({ kind, released }) => [kind, released !== null])).toEqual([
      ['place', true],
      ['keep', true],
    ]);
  });

  it('is of what was there once, and had bytes', async () => {
    await expect(prove(laptop, 'never')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { content: _, sha256: __, ...directory } = laptop.large('empty');
    await laptop.put([{ ...directory, kind: 'directory' }]);
    await laptop.remove('empty');
    await expect(prove(laptop, 'empty')).rejects.toMatchObject({ code: 'NOTHING_STORED' });
  });
});
