// Where a scenario is played: a world with its people, everything that was on its wires, and what its machines said. May
// be broken by a message's shape: appends are read with the judges' own eyes.

import { type Random, toHex } from '@vauban/core';
import type { DiskImage } from '../disk.ts';
import type { Message } from '../checker.ts';
import { bytesOf, type Cbor, field, listOf, readCbor, textOf } from '../checkers/cbor.ts';
import type { Evidence } from '../checkers/evidence.ts';
import { type JudgedHead, judgedHead, quorumIn } from '../checkers/note.ts';
import { type DeviceName, devices, vaultOf } from '../founding.ts';
import type { HosterMachine } from '../hoster-machine.ts';
import { LOST } from '../network/weather.ts';
import { Person } from '../person.ts';
import type { World } from '../world.ts';

interface SeenMessage extends Message {
  readonly atMs: number;
}

/** An append as it arrived somewhere. */
interface SeenAppend {
  readonly atMs: number;
  readonly to: string;
  readonly head: JudgedHead;
  /** Everything that is stored of it, as text: equal exactly when the bytes are. */
  readonly bytes: string;
}

const HEARD_KINDS: ReadonlySet<string> = new Set(
  'hello append heads note certify'.split(' ').flatMap((name) => [`ask ${name}`, `answer ${name}`]),
);

export class Stage {
  readonly world: World;
  readonly evidence: Evidence;
  readonly messages: SeenMessage[] = [];
  /** Lines of the trace. */
  readonly lines: string[] = [];
  /** Whether people put up with what fails for a while. */
  restless = true;
  /** Hosters that are not to vote in the end. */
  readonly away = new Set<string>();
  /** Who reads everything in the end; by default the town's vault from its words. */
  last: (() => Promise<void>) | undefined;
  readonly #people = new Map<string, Person>();
  #operations = 0;

  constructor(world: World, evidence: Evidence) {
    this.world = world;
    this.evidence = evidence;
    for (const name of devices) this.newPerson(name, name);
  }

  saw(message: Message): void {
    if (HEARD_KINDS.has(message.what)) this.messages.push({ ...message, atMs: this.world.nowMs });
  }

  /** Draws of its own for each purpose. */
  random(name: string): Random {
    return this.world.random(`scenario/${name}`);
  }

  get quorum(): number {
    return quorumIn(this.world.charters.current);
  }

  get hosters(): readonly HosterMachine[] {
    return this.world.hosters;
  }

  hoster(name: string): HosterMachine {
    return this.hosters.find((one) => one.name === name) as HosterMachine;
  }

  person(name: string): Person {
    return this.#people.get(name) as Person;
  }

  /** Somebody at a machine of that name, with the vault of that device. */
  newPerson(name: string, device: DeviceName): Person {
    const circumstances = {
      restless: () => this.restless,
      clocksOff: () => false,
      harmed: () => this.away,
      others: (other: DeviceName) => this.#people.get(other),
    };
    const person = new Person(this.world, { name, vaultName: vaultOf(device), circumstances });
    this.#people.set(name, person);
    return person;
  }

  put(person: Person, path: string, bytes = 400): Promise<void> {
    this.#operations += 1;
    const by = person.name as DeviceName;
    return person.does({ do: 'put', by, at: 0, path, files: [bytes] }, this.#operations);
  }

  /** Origin of the log that this person's machine writes now. */
  async origin(person: Person): Promise<string> {
    return (await person.device()) as string;
  }

  // What was seen.

  appendsOf(who: string, sinceMs = 0): SeenAppend[] {
    const seen = this.messages.filter(
      ({ from, what, atMs }) => from === who && what === 'ask append' && atMs >= sinceMs,
    );
    return seen.flatMap(({ atMs, to, body }) => {
      const append = field(readCbor(body), 'append');
      const checkpoint = textOf(field(append, 'checkpoint')) ?? '';
      const head = judgedHead(checkpoint);
      if (head === undefined) return [];
      const records = listOf(field(append, 'records')).map((record) =>
        ['entry', 'salt', 'payload'].map((key) => hexOf(field(record, key))).join(' '),
      );
      return [{ atMs, to, head, bytes: [checkpoint, ...records].join('\n') }];
    });
  }

  /** Largest size certified of that log; 0 when none was. */
  certified(origin: string): number {
    const sizes = this.evidence.certified.filter((one) => one.origin === origin).map(({ size }) => size);
    return Math.max(0, ...sizes);
  }

  /** Who signed that head, in whatever epoch. */
  votersOf(head: JudgedHead): string[] {
    const { votes } = this.evidence;
    return votes.filter((one) => same(one, head)).map(({ hoster }) => hoster);
  }

  votesBy(hoster: string): number {
    return this.evidence.votes.filter((one) => one.hoster === hoster).length;
  }

  /** Whether a message of that kind, among those that matter to ledgers, had this text in it. */
  heard(what: string, text: string, of: { readonly to?: string; readonly sinceMs?: number } = {}): boolean {
    const wanted = Buffer.from(text);
    return this.messages.some(
      (one) =>
        one.what === what &&
        (of.to === undefined || one.to === of.to) &&
        one.atMs >= (of.sinceMs ?? 0) &&
        Buffer.from(one.body).includes(wanted),
    );
  }

  /** Whether that machine's program said all of these words in one line. */
  said(who: string, ...words: readonly string[]): boolean {
    return this.lines.some(
      (line) => line.includes(`  ${who.padEnd(24)}  `) && words.every((word) => line.includes(word)),
    );
  }

  // What is done.

  /** Waits for it. Throws when it does not come. */
  async must(what: string, holds: () => boolean, timeMsMax = 120_000): Promise<void> {
    if (!(await this.world.until(holds, timeMsMax))) throw new Error(`waited in vain: ${what}`);
  }

  /** Throws unless it is so. */
  is(what: string, holds: boolean): void {
    if (!holds) throw new Error(`it is not so: ${what}`);
    this.world.trace.note('scenario', `sees ${what}`);
  }

  /** Hosters drawn, so many. */
  some(count: number): string[] {
    const random = this.random('some');
    const left = this.hosters.map(({ name }) => name);
    const drawn: string[] = [];
    while (drawn.length < count) {
      const [byte = 0] = random.bytes(1);
      drawn.push(...left.splice(byte % left.length, 1));
    }
    return drawn;
  }

  /** Appends of that machine get through to these hosters alone, until the answer is called. */
  onlyTo(who: string, reached: readonly string[], lateMs = 0): () => void {
    return this.world.weather.meddle(({ from, to, what }) => {
      if (from !== who || !what.startsWith('ask append')) return 0;
      return reached.includes(to) ? lateMs : LOST;
    });
  }

  /** `work` appends, and so many hosters, fewer than a quorum, have stored and signed it: then its head is given. */
  async cutShort(person: Person, reached: readonly string[]): Promise<JudgedHead> {
    const { name } = person;
    const sinceMs = this.world.nowMs;
    const through = this.onlyTo(name, reached);
    const first = () => this.appendsOf(name, sinceMs)[0];
    await this.must(`${name} appends`, () => first() !== undefined);
    const { head } = first() as SeenAppend;
    await this.must(
      'those that were reached have signed',
      () => this.votersOf(head).length === reached.length,
    );
    through();
    this.is(`${reached.length} of ${this.quorum} have signed`, this.certified(head.origin) < head.size);
    return head;
  }

  /** A disk with the files of now, and that database. */
  withDatabase(person: Person, store: DiskImage['store']): DiskImage {
    return { files: person.machine.disk.image().files, store };
  }

  async allVote(): Promise<void> {
    const wanted = this.hosters.filter(({ name }) => !this.away.has(name));
    await this.must('everybody votes', () => wanted.every(({ state }) => state === 'voting'));
  }
}

export function same(a: JudgedHead, b: JudgedHead): boolean {
  return a.origin === b.origin && a.size === b.size && a.root === b.root;
}

function hexOf(value: Cbor | undefined): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? '' : toHex(bytes);
}
