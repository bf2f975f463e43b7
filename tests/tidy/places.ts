// Says what a path is: pure source, an adapter, or the workbench (tests, benches, scripts) around them.

/** The package folder of a path, or undefined for tests/ and scripts/. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

/** Where clocks, randomness, disks and networks of the real world may be touched in shipped code. */
export function isAdapter(path: string): boolean {
  return /^packages\/(core\/node|cli|[^/]+\/src\/adapters)\//.test(path);
}

/** What is never shipped: may touch the world as it likes, and may open the special doors of other packages. */
export function isWorkbench(path: string): boolean {
  return /^(tests|scripts)\/|^packages\/[^/]+\/(test|bench|model|vectors|assembly)\//.test(path);
}

/** Shipped source that must take the world through ports. */
export function isPure(path: string): boolean {
  return packageOf(path) !== undefined && !isAdapter(path) && !isWorkbench(path);
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function inWords({ path, line, message }: Finding): string {
  return `${path}:${line}  ${message}`;
}
