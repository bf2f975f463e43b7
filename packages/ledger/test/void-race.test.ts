// The awkward moment of a void: others certify an entry while its writer, refused, is already voiding it.

import { Fault } from '@vauban/core';
import { expect, test } from 'vitest';
import { type Append, cosign, makeCertificate, readHead } from '../src/index.ts';
import { TestNetwork } from './memory-hosters.ts';
import { cosignerOf, crypto, hosterName, NOW } from './sample-charter.ts';
import { objects, placeOf } from './samples.ts';

test('an honest writer is not wedged: its void is cosigned by all, has no effect, and the log goes on', async () => {
  const net = await TestNetwork.of(4);
  const writer = await net.startedWriter();
  await writer.append(() => [objects('before')]);
  const place = placeOf(net.charters.current, { holders: ['h1', 'h2', 'h3'] });
  let alone: Append | undefined;
  let finishing: Promise<void> | undefined;

  /** Somebody brings the place alone to everybody, all accept it by now, and the certificate reaches them all. */
  async function finish(append: Append): Promise<void> {
    for (const { mirror } of net.hosters) {
      expect((await mirror.append(append, null)).result).toBe('cosigned');
    }
    const head = readHead(append.checkpoint);
    const lines = [1, 2, 3].map((at) => cosign(crypto, head, cosignerOf(hosterName(at)), NOW / 1_000));
    const certificate = makeCertificate(net.charters.current, append.checkpoint, lines);
    for (const { mirror } of net.hosters) await mirror.certify(append.origin, certificate);
  }

  for (const [at, hoster] of net.hosters.entries()) {
    hoster.lie.append = async (append, certificate) => {
      if (alone === undefined || append.checkpoint === alone.checkpoint) {
        alone = append;
        if (at === 0) return hoster.mirror.append(append, certificate);
        const fault = new Fault('refused', 'DOMAIN_RULE', 'not under the charter I know', {});
        return { result: 'refused', class: 'policy', index: null, fault };
      }
      finishing ??= finish(alone);
      await finishing;
      return hoster.mirror.append(append, certificate);
    };
  }
  await expect(writer.append(() => [place])).rejects.toMatchObject({ code: 'DOMAIN_RULE' });
  expect(finishing).toBeDefined();
  for (const hoster of net.hosters) hoster.lie = {};

  await writer.append(() => [objects('after')]);
  for (const { mirror } of net.hosters) {
    const { size } = mirror.logs.state(writer.origin);
    expect(size).toBe(5);
    expect((await mirror.view().segment(place.segment)).places).toMatchObject([{ voided: false }]);
  }
});
