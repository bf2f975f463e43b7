// The models that take more than seconds: two changes of voters over two slots, and nine hosters of which two lie.

import { describe, expect, it } from 'vitest';
import { RULES, verdictOn, WEAKENED } from '../model/catalogue.ts';

const long = RULES.filter(({ model }) => model.long === true);
const longWeakened = WEAKENED.filter(({ model }) => model.long === true);

describe('the rule as designed holds', () => {
  it.each(long)('$name', (exhibit) => {
    expect(verdictOn(exhibit)).toMatchObject({ outcome: 'holds' });
  });
});

describe('without one part of the rule it breaks', () => {
  it.each(longWeakened)('$name', (exhibit) => {
    expect(verdictOn(exhibit)).toMatchObject({ outcome: 'broken', property: exhibit.weak?.breaks });
  });
});
