// Makes a base image without any registry: the project's pinned Node, the shared libraries it needs from this machine, a
// shell, names and root certificates. Breaks where Node is not linked against glibc, or where ldd, tar or dash are missing.
// node scripts/docker-base.ts <tag> [<label=value>]; the engine is the one that DOCKER_HOST names.

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the base image of the registries has them too, so that either serves. */
const NODE = '/usr/local/bin/node';
const SHELL = '/bin/sh';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Loaded by name at run time where the C library is old enough to keep them apart. */
const NAME_SERVICES = ['libnss_dns.so.2', 'libnss_files.so.2'];
const DOCKER = '/usr/bin/docker';

const texts: { readonly [path: string]: string } = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nvauban:x:10001:10001:vauban:/srv/vauban:/bin/sh\n',
  '/etc/group': 'root:x:0:\nvauban:x:10001:\n',
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  '/etc/os-release': 'NAME="Vauban base"\nID=vauban-base\n',
};

const [tag, label = 'vauban.base=local'] = process.argv.slice(2);
if (tag === undefined) {
  console.error('Name the image: node scripts/docker-base.ts vauban-base');
  process.exit(2);
}
const root = mkdtempSync(join(tmpdir(), 'vauban-base-'));
try {
  fill(root);
  await importImage(root, tag);
} catch (error) {
  console.error(`The base image could not be made: ${(error as Error).message.split('\n')[0]}`);
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}

function fill(at: string): void {
  put(at, process.execPath, NODE);
  put(at, '/bin/dash', SHELL);
  const libraries = new Set([...librariesOf(process.execPath), ...librariesOf('/bin/dash')]);
  for (const library of libraries) put(at, library, library);
  for (const name of NAME_SERVICES) {
    for (const folder of new Set([...libraries].map(dirname))) {
      const path = join(folder, name);
      if (existsSync(path)) put(at, path, path);
    }
  }
  if (existsSync(CERTIFICATES)) put(at, CERTIFICATES, CERTIFICATES);
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(at, path)), { recursive: true });
    writeFileSync(join(at, path), text, { mode: 0o644 });
  }
  for (const folder of ['/tmp', '/proc', '/sys', '/dev', '/run', '/root'])
    mkdirSync(join(at, folder), { recursive: true });
  chmodSync(join(at, '/tmp'), 0o1777);
  chmodSync(at, 0o755);
}

/** The file itself, not the link it may be, under the name it is asked for by. */
function put(at: string, from: string, path: string): void {
  const to = join(at, path);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}

/** The loader's own answer, the loader included. */
function librariesOf(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:=> )?(\/[^ ]+) \(0x/.exec(line)?.[1] ?? []);
}

function importImage(from: string, name: string): Promise<void> {
  const tar = spawn(
    'tar',
    ['--create', '--numeric-owner', '--owner=0', '--group=0', '--sort=name', '-C', from, '.'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const docker = spawn(
    DOCKER,
    ['import', '--change', `LABEL ${label}`, '--change', 'ENV PATH=/usr/local/bin:/usr/bin:/bin', '-', name],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  tar.stdout.pipe(docker.stdin);
  return new Promise((resolve, reject) => {
    tar.on('error', reject);
    docker.on('error', reject);
    docker.on('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`docker import ended with ${status}`));
    });
  });
}
