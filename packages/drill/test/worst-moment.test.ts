// Which sites a scenario leaves without, all together, at its worst moment.

import { describe, expect, it } from 'vitest';
import type { Deed, Step } from '../src/scenario.ts';
import { worstMoment } from '../src/worst-moment.ts';

const known = ['a', 'b', 'c', 'd'];
const draw = { voting: undefined, sites: known.map((id) => ({ id, votes: true, stands: true })) };
const step = (deed: Deed, sites: readonly string[], when: Step['when'] = { afterMs: 0 }): Step => ({
  deed,
  sites,
  when,
});

describe('the worst moment', () => {
  it.each<[what: string, steps: readonly Step[], worst: readonly string[]]>([
    ['one fire', [step('burn', ['@2'])], ['b']],
    ['two together', [step('burn', ['a', 'c'])], ['a', 'c']],
    [
      'a second before the first is rebuilt',
      [step('burn', ['a']), step('burn', ['b'], { once: 'repairing' })],
      ['a', 'b'],
    ],
    [
      'a second after the first was rebuilt',
      [step('burn', ['a']), step('burn', ['b'], { once: 'healed' })],
      ['a'],
    ],
    [
      'one that came back before the other went',
      [step('kill', ['a']), step('start', ['a']), step('kill', ['b'])],
      ['a'],
    ],
    [
      'one cut off while another is off',
      [step('cut', ['d']), step('stop', ['a']), step('rejoin', ['d'])],
      ['d', 'a'],
    ],
    ['all at once', [step('kill', ['@all'])], known],
    ['one after another', [step('restart-each', ['@all'])], ['a']],
    [
      'nothing that takes a site',
      [step('slow', ['a']), step('fill', ['b']), step('declare-lost', ['c'])],
      [],
    ],
  ])('of %s', (_, steps, worst) => {
    expect(worstMoment({ steps }, { draw, standing: known, known })).toEqual(worst);
  });
});
