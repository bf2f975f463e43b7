import { expect, test } from 'vitest';
import { openCertificate } from '../src/index.ts';
import { TestNetwork } from './memory-hosters.ts';
import { objects, placeOf } from './samples.ts';
import { crypto, publicOf } from './sample-charter.ts';

test.each([9, 4, 3])('an append of %i voters comes back with a quorum', async (voters) => {
  const net = await TestNetwork.of(voters);
  const writer = await net.startedWriter();
  const { certificate, index } = await writer.append(() => [placeOf(net.charters.current), objects('a')]);
  const { cosigners, head } = openCertificate(
    crypto,
    net.charters.current,
    certificate,
    publicOf('device laptop'),
  );
  expect(index).toBe(1);
  expect(head.size).toBe(3);
  expect(cosigners.length).toBe({ 9: 6, 4: 3, 3: 2 }[voters]);
});
