// The settings in which the rule of epochs.ts is explored: who leaves, who enters, where the liar is, how many there are.
// What holds, and within which bounds, stands there; the bounds of each stand in its `about`.

import { epochRule, FORKED, READY } from './epochs.ts';
import type { Model, Weakening } from './rule.ts';
import { trees } from './trees.ts';
import { oneByOne } from './voting-sets.ts';

const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'mirroring-only': {
    about: 'the new voter copies the heads of q voters; no fence, and votes count under both charters',
    breaks: FORKED,
  },
  'fence-only': {
    about: 'hosters are fenced before they are copied, but votes are not bound to an epoch',
    breaks: FORKED,
  },
  'epoch-votes-only': {
    about: 'votes are bound to an epoch, but old keys are kept and used',
    breaks: FORKED,
  },
  'certified-heads-only': {
    about: 'a source sends the new voter only what it knows to be certified',
    breaks: FORKED,
  },
  'longest-on-a-fork': {
    about: 'shown a fork, the new voter takes the longest head and is ready',
    breaks: FORKED,
  },
  'unready-votes': { about: 'a new voter votes before it is ready', breaks: FORKED },
};

const FOUR = { hosters: 4, liars: [1, 1], members: oneByOne(3, 1, 1) };

export const epochs: Model = {
  name: 'epochs',
  about: 'one voter of four replaced, two slots, a writer that signs two branches',
  weakenings: WEAKENINGS,
  build: (weak) => epochRule({ ...FOUR, heads: trees('A', 'AA', 'B', 'BB') }, weak).rule,
};

export const epochsHonest: Model = {
  name: 'epochs-honest',
  about: 'one voter of four replaced, two slots, an honest writer: whether all goes on',
  weakenings: {
    'leaver-silent': {
      about:
        'the voter that leaves sends the new one no list, and the liar is silent: two of the three lists needed remain',
      breaks: READY,
    },
  },
  build: (weak) => epochRule({ ...FOUR, heads: trees('A', 'AA'), honestWriter: true }, weak).rule,
};

export const epochsTwice: Model = {
  name: 'epochs-twice',
  about: 'two voters of four replaced one after the other, two branches of which one has two slots',
  weakenings: WEAKENINGS,
  long: true,
  build: (weak) =>
    epochRule(
      { hosters: 4, liars: [1, 1, 1], members: oneByOne(3, 2, 1), heads: trees('A', 'AA', 'B') },
      weak,
    ).rule,
};

export const epochsRestored: Model = {
  name: 'epochs-restored',
  about:
    'one voter of four loses its disk and comes back with a new key, two slots, a writer that signs two branches',
  weakenings: {
    'restored-unmirrored': {
      about: 'the restored hoster votes with its new key without mirroring first',
      breaks: FORKED,
    },
  },
  build: (weak) => {
    const members = FOUR.members.map((one) =>
      one.from === 0 ? one : { ...one, name: 'hoster 3, restored,' },
    );
    return epochRule({ ...FOUR, members, heads: trees('A', 'AA', 'B', 'BB'), restored: true }, weak).rule;
  },
};

export const epochsLiarLeaves: Model = {
  name: 'epochs-liar-leaves',
  about: 'the liar is the voter of four that is replaced, two slots, a writer that signs two branches',
  weakenings: {},
  build: (weak) => {
    const members = FOUR.members.map((one) => ({ ...one, until: 2 }));
    return epochRule({ hosters: 4, liars: [1, 0], members, heads: trees('A', 'AA', 'B', 'BB') }, weak).rule;
  },
};

export const epochsLiarEnters: Model = {
  name: 'epochs-liar-enters',
  about: 'an honest voter of four is replaced by the liar, two slots, a writer that signs two branches',
  weakenings: {},
  build: (weak) =>
    epochRule(
      {
        hosters: 4,
        liars: [0, 1],
        members: oneByOne(4, 1, 1).slice(0, 4),
        heads: trees('A', 'AA', 'B', 'BB'),
      },
      weak,
    ).rule,
};

export const epochsOfNine: Model = {
  name: 'epochs-of-nine',
  about: 'one voter of nine replaced, two liars that stay, one slot, a writer that signs both trees',
  weakenings: WEAKENINGS,
  long: true,
  build: (weak) =>
    epochRule({ hosters: 9, liars: [2, 2], members: oneByOne(7, 1, 2), heads: trees('A', 'B') }, weak).rule,
};
