// Which package may import which, type imports included, and through which doors.
// The table is the one of the architecture: change both together.

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { isAdapter, isPure, isWorkbench, packageOf, type Finding } from './places.ts';
import { importsOf, type SourceFile } from './source-text.ts';

const ALL_BUT_WORLD = [
  'core',
  'erasure',
  'seal',
  'placement',
  'ledger',
  'wire',
  'daemon',
  'client',
  'gateway',
  'console',
];

export const LAW: Readonly<Record<string, readonly string[]>> = {
  core: [],
  erasure: ['core'],
  seal: ['core'],
  placement: ['core'],
  wire: ['core'],
  report: ['core'],
  ledger: ['core', 'placement'],
  daemon: ['core', 'erasure', 'placement', 'ledger', 'wire', 'report'],
  client: ['core', 'erasure', 'seal', 'placement', 'ledger', 'wire'],
  fleet: ['core', 'placement', 'ledger', 'wire', 'daemon'],
  world: ['core', 'erasure', 'seal', 'placement', 'ledger', 'wire', 'daemon', 'client'],
  drill: ['core', 'placement', 'ledger', 'wire', 'client', 'fleet', 'report'],
  forecast: ['core', 'placement', 'report'],
  gateway: ['core', 'client'],
  console: ['core', 'placement', 'ledger', 'wire', 'client'],
  cli: [...ALL_BUT_WORLD, 'fleet', 'drill', 'forecast', 'report'],
};

/** Doors into the real world, open to adapters and the workbench only. */
const SPECIAL_DOORS = ['@vauban/core/node', '@vauban/wire/libp2p'];

/** Third-party packages that do I/O, and the one place each that may import them. */
const KEPT: readonly { readonly name: RegExp; readonly place: RegExp; readonly who: string }[] = [
  {
    name: /^(libp2p|@libp2p\/.*|@chainsafe\/.*|@multiformats\/.*)$/,
    place: /^packages\/wire\/src\/adapters\//,
    who: "wire's adapters",
  },
  { name: /^(level|classic-level)$/, place: /^packages\/core\/node\//, who: "core's Node adapters" },
];

export function importFindings(file: SourceFile): Finding[] {
  return importsOf(file).flatMap(({ specifier, line }) => {
    const message = breach(file.path, specifier);
    return message === undefined ? [] : [{ path: file.path, line, message }];
  });
}

function breach(path: string, specifier: string): string | undefined {
  const importer = packageOf(path);
  if (specifier.startsWith('.')) return breachByPath(path, specifier);
  if (isBuiltin(specifier))
    return isPure(path) ? `imports ${specifier}: only adapters may; take a port` : undefined;
  if (specifier.startsWith('@vauban/')) return breachByName(path, importer, specifier);
  const kept = KEPT.find(({ name }) =>
    name.test(
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
  if (kept !== undefined && !kept.place.test(path) && !isWorkbench(path))
    return `imports ${specifier}: only ${kept.who} may`;
  return undefined;
}

function breachByPath(path: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  const from = packageOf(path);
  const to = packageOf(target);
  if (to !== undefined && to !== from) {
    // Samples have no door; whoever may import a package may borrow what its tests are made of.
    if (isWorkbench(path) && /^packages\/[^/]+\/test\//.test(target))
      return breachByName(path, from, `@vauban/${to}`);
    return `reaches into ${to} by path: import @vauban/${to}`;
  }
  if (from !== undefined && to === undefined) return `leaves its package by path: ${specifier}`;
  if (isPure(path) && isWorkbench(target)) return `shipped source imports ${specifier}, which is not shipped`;
  if (isPure(path) && isAdapter(target) && !mayShowAdapters(path)) {
    return `imports the adapter ${specifier}: take a port instead`;
  }
  return undefined;
}

/** The index of a package that is run on a machine may show its adapters; the pure packages keep them behind another door. */
function mayShowAdapters(path: string): boolean {
  return /^packages\/(?!core|erasure|seal|placement|ledger|wire|report)[^/]+\/src\/index\.ts$/.test(path);
}

function breachByName(path: string, importer: string | undefined, specifier: string): string | undefined {
  const [, imported = '', ...inner] = specifier.split('/');
  if (inner.length > 0) {
    if (!SPECIAL_DOORS.includes(specifier))
      return `imports ${specifier}: the only door is @vauban/${imported}`;
    if (isPure(path)) return `imports ${specifier}: only adapters, the cli and tests may`;
  }
  if (importer === undefined) return undefined;
  if (imported === importer)
    return isWorkbench(path) ? undefined : `imports its own package by name: use a path`;
  const allowed = LAW[importer];
  if (allowed === undefined) return `${importer} has no row in the import law (tests/tidy/import-law.ts)`;
  if (!allowed.includes(imported))
    return `${importer} may not import ${imported}; it may import: ${allowed.join(', ') || 'nothing of ours'}`;
  return undefined;
}
