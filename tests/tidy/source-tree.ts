// Finds the sources of the project on disk, generated ones left out.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceFile, type SourceFile } from './source-text.ts';

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
}

export interface Package {
  /** The folder's name under packages/. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface SourceTree {
  readonly files: readonly SourceFile[];
  readonly packages: readonly Package[];
  readonly rootManifest: Manifest;
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Not ours to tidy: AssemblyScript is another language, and artefacts are written by a program. */
const GENERATED = /^packages\/erasure\/(assembly\/kernel|src\/kernel\/artefact.*|src\/.*artefact.*)\.ts$/;

export function readTree(): SourceTree {
  const paths = ['packages', 'tests', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .replaceAll('\\', '/'),
      )
      .filter((path) => !/(^|\/)(node_modules|\.[^/]+)\//.test(path) && !GENERATED.test(path)),
  );
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return {
    files: paths.sort().map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8'))),
    packages: folders.map(({ name }) => ({ folder: name, manifest: manifestAt(join('packages', name)) })),
    rootManifest: manifestAt('.'),
  };
}

function manifestAt(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}
