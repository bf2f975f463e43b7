// The text form in which Prometheus reads metrics (exposition format, version 0.0.4): families, labels, escapes.

export interface Sample {
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

export interface Family {
  readonly name: string;
  /** Counters end in _total, and only ever grow while the process runs. */
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Families without samples are left out. Ends with a line feed, as the format wants it. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, type, help, samples }) =>
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${samples
          .map(({ labels, value }) => `${name}${labelsText(labels)} ${number(value)}\n`)
          .join('')}`,
    )
    .join('');
}

function labelsText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
