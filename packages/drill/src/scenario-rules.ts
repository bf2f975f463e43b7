// What the values of a scenario have to do with each other: which deed takes which words, which steps can come first, what
// fits the network. Messages name the key, as paths do in `scenario-file`.

import { asFault } from '@vauban/core';
import { checkSize } from '@vauban/fleet';
import type { Deed, Step } from './scenario.ts';
import type { ScenarioText, StepText } from './scenario-schema.ts';

/** Stored in all before anything happens: what one machine's disks take, nine times over. */
const STORED_BYTES_MAX = 1e12;

/** Words of a step that only some deeds take, and need. */
const needs: { readonly [word in 'share' | 'delay' | 'for']: readonly Deed[] } = {
  share: ['rot', 'late-purge', 'release'],
  delay: ['slow'],
  for: ['maintenance'],
};

export interface Problem {
  readonly key: string;
  /** What should be, for "key …". */
  readonly says: string;
}

/** The first thing that is wrong; undefined when nothing is. */
export function problemOf(scenario: ScenarioText): Problem | undefined {
  return networkProblem(scenario) ?? workloadProblem(scenario) ?? stepsProblem(scenario);
}

function networkProblem({ network }: ScenarioText): Problem | undefined {
  try {
    checkSize(network);
    return undefined;
  } catch (error) {
    return { key: 'network', says: `cannot be made: ${asFault(error).message}` };
  }
}

function workloadProblem({ workload }: ScenarioText): Problem | undefined {
  if (workload.files * workload['bytes-each'] <= STORED_BYTES_MAX) return undefined;
  return {
    key: 'workload',
    says: `should store at most ${STORED_BYTES_MAX} bytes in all (files × bytes-each)`,
  };
}

function stepsProblem({ steps, network }: ScenarioText): Problem | undefined {
  for (const [at, step] of steps.entries()) {
    const found = stepProblem(step, at, network.sites);
    if (found !== undefined) return { key: `steps[${at + 1}].${found.key}`, says: found.says };
  }
  return undefined;
}

function stepProblem(step: StepText, at: number, sites: number): Problem | undefined {
  if (step.after !== undefined && step.once !== undefined)
    return { key: 'once', says: 'cannot stand beside after: a step is due once' };
  if (at === 0 && step.once !== undefined)
    return { key: 'once', says: 'cannot begin a scenario: nothing is being repaired yet' };
  if (step.do === 'release') {
    if (step.sites.length > 0)
      return { key: 'sites', says: 'should be left out: files are given up, not sites' };
  } else if (step.sites.length === 0) {
    return { key: 'sites', says: 'should name the sites that it falls on, such as ["@1"]' };
  }
  const far = step.sites.find((one) => /^@[0-9]+$/.test(one) && Number(one.slice(1)) > sites);
  if (far !== undefined) return { key: 'sites', says: `names ${far}, and there are ${sites} sites` };
  for (const [word, takers] of Object.entries(needs)) {
    const given = step[word as keyof typeof needs] !== undefined;
    const takes = takers.includes(step.do);
    if (takes && !given) return { key: word, says: `is missing: ${step.do} needs it` };
    if (given && !takes) return { key: word, says: `should be left out: it is for ${takers.join(', ')}` };
  }
  return undefined;
}

export function stepOf({ after, once, do: deed, sites, share, delay, for: forMs }: StepText): Step {
  return {
    when: once === undefined ? { afterMs: after ?? 0 } : { once },
    deed,
    sites,
    ...(share !== undefined && { share }),
    ...(delay !== undefined && { delayMs: delay }),
    ...(forMs !== undefined && { forMs }),
  };
}
