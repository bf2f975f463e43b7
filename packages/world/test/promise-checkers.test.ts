// Judges of what hosters and readers promise by themselves: each speaks when it must, and only then.

import { toBase64 } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import { certificates } from '../src/checkers/certificates.ts';
import { diskFirst } from '../src/checkers/disk-first.ts';
import { fixedSeals } from '../src/checkers/fixed-seals.ts';
import { readers } from '../src/checkers/readers.ts';
import { writers } from '../src/checkers/writers.ts';
import { bench, HandLog, six } from './checkers-setup.ts';

const log = new HandLog('a').add({ kind: 'x' }, { kind: 'x' }, { kind: 'x' });
const [metz = ''] = six;
const headOf = (size: number) => ({ origin: log.origin, size, root: toBase64(log.head(size).root) });

describe('a certificate that is handed out', () => {
  it.each([
    ['six hosters', six, undefined],
    ['five hosters', six.slice(1), /5 signatures .* for a certificate/],
    ['five hosters, one of them twice', [...six.slice(1), ...six.slice(5)], /5 signatures/],
  ] as const)('is signed by %s', async (_, cosigners, wrong) => {
    const judge = bench(certificates);
    const logs = [{ ...log.held(metz), certificate: log.certificate(undefined, cosigners) }];
    if (wrong === undefined) await expect(judge.verdict({ logs })).resolves.toBeUndefined();
    else await expect(judge.verdict({ logs })).rejects.toThrow(wrong);
  });
});

describe('a reader', () => {
  it.each([1, 2])('counts what was certified before it began, not %s of two heads', async (counted) => {
    const judge = bench(readers);
    judge.certify(log, 1);
    judge.certify(log, 2);
    judge.told({ of: 'reads', origin: log.origin });
    judge.certify(log, 3);
    const heads = [1, 2].slice(0, counted).map((size) => `${size} ${headOf(size).root}`);
    judge.told({ of: 'counted', origin: log.origin, heads });
    if (counted === 2) await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
    else await expect(judge.verdict({ logs: [] })).rejects.toThrow(/counts 1 heads .* not 2 /);
  });
});

describe('a writer', () => {
  const other = new HandLog('a').add({ kind: 'x' }, { kind: 'y' });

  it('signs nothing against what was certified, unless it is known to be crooked', async () => {
    const judge = bench(writers);
    judge.saw('agency', metz, log.append());
    judge.certify(log, 2);
    judge.saw('agency', metz, log.append());
    await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
    judge.saw('agency', metz, other.append());
    await expect(judge.verdict({ logs: [] })).rejects.toThrow(/certified at size 2, and its writer/);
    judge.told({ of: 'crooked', origin: log.origin });
    await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
  });
});

describe('a seal', () => {
  it.each([2, 3])('that is reported at %s lets nothing beyond be signed', async (size) => {
    const judge = bench(fixedSeals);
    judge.certify(log, 3);
    judge.evidence.seals.push({ hoster: metz, origin: log.origin, branches: [headOf(size)], notes: [] });
    if (size === 3) await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
    else await expect(judge.verdict({ logs: [] })).rejects.toThrow(/sealed at 2, and signed it at 3/);
    judge.told({ of: 'burnt', hoster: metz });
    await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
  });
});

describe('a disk', () => {
  const stored = { durable: true, keys: [] as string[] };
  const told = (disk: { readonly durable: boolean; readonly keys: readonly string[] }, from = metz) => {
    const judge = bench((evidence) =>
      diskFirst(evidence, () => ({
        durable: () => disk.durable,
        holds: (path) => disk.keys.includes(path),
      })),
    );
    judge.saw('agency', metz, log.append());
    judge.saw(metz, 'agency', log.vote(metz));
    judge.evidence.seals.push({
      hoster: metz,
      origin: log.origin,
      branches: [],
      notes: [new Uint8Array(32)],
    });
    judge.checker.saw?.({ from, to: 'agency', body: new Uint8Array(0), what: 'answer append' });
    return judge.verdict({ logs: [] });
  };

  it('has what its hoster signs', async () => {
    await expect(told(stored)).resolves.toBeUndefined();
    await expect(told({ ...stored, durable: false })).rejects.toThrow(/signed .* before its disk had it/);
    // Passed on by somebody else: perhaps of long ago.
    await expect(told({ ...stored, durable: false }, 'verdun')).resolves.toBeUndefined();
  });
});
