// What became of the fragments' files on one disk, for the judges: which are there for certain after a power cut, when one came
// under its name, and when one went.

const FRAGMENT = /^fragments\/[0-9a-f]{2}\/[0-9a-f]{64}-[0-9]{1,3}$/;

export interface FragmentsHeard {
  readonly came: (path: string) => void;
  readonly went: (path: string) => void;
}

export class FragmentNames {
  readonly #heard: FragmentsHeard;
  /** Paths of files whose bytes are synced. */
  #synced = new Set<string>();
  /** Names that were given, and whose directory was not synced since. */
  #named = new Set<string>();
  #durable = new Set<string>();

  constructor(heard: FragmentsHeard) {
    this.#heard = heard;
  }

  written(path: string): void {
    this.#synced.delete(path);
  }

  synced(path: string): void {
    if (path.startsWith('fragments/')) this.#synced.add(path);
  }

  renamed(from: string, to: string, there: boolean): void {
    const whole = this.#synced.delete(from);
    if (!FRAGMENT.test(to)) return;
    if (whole) this.#named.add(to);
    else this.#durable.delete(to);
    if (!there) this.#heard.came(to);
  }

  directorySynced(path: string): void {
    for (const name of this.#named) {
      if (!name.startsWith(`${path}/`)) continue;
      this.#named.delete(name);
      this.#durable.add(name);
    }
  }

  removed(path: string): void {
    this.#synced.delete(path);
    this.#named.delete(path);
    this.#durable.delete(path);
    if (FRAGMENT.test(path)) this.#heard.went(path);
  }

  /** Power failed: what a name or bytes lacked then, nobody syncs any more. */
  cut(): void {
    this.#synced = new Set();
    this.#named = new Set();
  }

  /** Another disk: nobody asks any more what its owner promised. */
  replaced(): void {
    this.cut();
    this.#durable = new Set();
  }

  /** Whether this fragment's file would be there, whole, after a power cut now. */
  durable(path: string): boolean {
    return this.#durable.has(path);
  }
}
