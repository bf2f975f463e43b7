// Each package.json tells the truth: what it lists is imported, and what is imported is listed, at one exact version.

import { isBuiltin } from 'node:module';
import { isWorkbench, packageOf, type Finding } from './places.ts';
import { importsOf, type SourceFile } from './source-text.ts';
import type { Manifest, Package, SourceTree } from './source-tree.ts';

/** Doors a package may have besides `.`. */
const DOORS = ['.', './node', './libp2p'];

export function manifestFindings(tree: SourceTree): Finding[] {
  return tree.packages.flatMap((each) => {
    const files = tree.files.filter((file) => packageOf(file.path) === each.folder);
    return packageFindings(each, files, tree.rootManifest);
  });
}

export function packageFindings(
  each: Package,
  files: readonly SourceFile[],
  rootManifest: Manifest,
): Finding[] {
  const { folder, manifest } = each;
  const path = `packages/${folder}/package.json`;
  const found: Finding[] = [];
  const say = (message: string) => found.push({ path, line: 1, message });

  if (manifest.name !== `@vauban/${folder}`) say(`the name is not @vauban/${folder}`);
  for (const door of Object.keys(manifest.exports ?? {})) {
    if (!DOORS.includes(door)) say(`exports ${door}: a package has one door, src/index.ts`);
  }
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) say(`${name} is not at one exact version: ${version}`);
  }
  if (!files.some((file) => file.path === `packages/${folder}/src/index.ts`)) {
    return [...found, { path, line: 1, message: 'no src/index.ts, the only door of a package' }];
  }

  const shipped = files.filter((file) => !isWorkbench(file.path));
  const workbench = files.filter((file) => isWorkbench(file.path));
  const listed = new Set(Object.keys(manifest.dependencies ?? {}));
  const forTests = new Set([
    ...listed,
    ...Object.keys({ ...manifest.devDependencies, ...rootManifest.devDependencies }),
  ]);
  const imported = new Set(shipped.flatMap(packagesImported));
  for (const name of imported) {
    if (!listed.has(name) && name !== manifest.name)
      say(`${name} is imported but not listed under dependencies`);
  }
  for (const name of listed) {
    if (!imported.has(name)) say(`${name} is listed under dependencies but no shipped source imports it`);
  }
  for (const name of new Set(workbench.flatMap(packagesImported))) {
    if (!forTests.has(name) && !imported.has(name) && name !== manifest.name)
      say(`${name} is imported by tests but listed nowhere`);
  }
  return found;
}

function packagesImported(file: SourceFile): string[] {
  return importsOf(file)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !/^[./#]/.test(specifier) && !isBuiltin(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
