// A lying member's pen: one writer's key in a program that does what it likes with it, over the real log writer, and
// with the choice of whom its entries reach. What voters sign for it is kept, line by line.

import {
  type Charter,
  findDaemon,
  memoryStore,
  type Network,
  type Random,
  toBase64,
  utf8,
  votingHosters,
} from '@vauban/core';
import {
  type Appended,
  formatNote,
  LogStore,
  LogWriter,
  type NoteSignature,
  parseNote,
  parseSignature,
  partsOf,
  type Payload,
  readHead,
  refresh,
  signDelegation,
  signRootNote,
  type Voter,
} from '@vauban/ledger';
import { agencyKeys, secretOfWords } from '@vauban/seal';
import { type Identity, PeerClient, remoteVoter } from '@vauban/wire';
import type { Program } from '../program.ts';
import type { World } from '../world.ts';

type Genesis = Payload & { readonly kind: 'genesis' };

export interface PenOptions {
  readonly program: Program;
  readonly network: Network;
  readonly identity: Identity;
  /** Of the log key. */
  readonly seed: Uint8Array;
  readonly genesis: Genesis;
  /** Which of the programs that have this key. */
  readonly nth: number;
}

export class Pen {
  readonly origin: string;
  readonly logs: LogStore;
  readonly #world: World;
  readonly #options: PenOptions;
  readonly #writer: LogWriter;
  readonly #clients = new Map<string, PeerClient>();
  /** Cosignatures by head. */
  readonly #lines = new Map<string, NoteSignature[]>();
  readonly #random: Random;
  #reach: readonly string[] | undefined;

  private constructor(world: World, options: PenOptions, logs: LogStore) {
    this.#world = world;
    this.#options = options;
    this.logs = logs;
    const { crypto, charters } = world;
    const { program, seed, genesis, nth } = options;
    const random = world.random(`${program.name}/pen ${nth}`);
    this.#random = random;
    const voters = () => this.voters;
    this.#writer = new LogWriter({
      crypto,
      clock: program.clock,
      random,
      charters,
      voters,
      logs,
      seed,
      genesis,
    });
    this.origin = this.#writer.origin;
  }

  static async open(world: World, options: PenOptions): Promise<Pen> {
    const pen = new Pen(world, options, await LogStore.open(memoryStore(), world.crypto));
    world.tell({ of: 'crooked', origin: pen.origin });
    await pen.#writer.start();
    return pen;
  }

  /** From now on nobody else hears of what it writes; everybody when nobody is named. */
  reach(hosters: readonly string[] | undefined): void {
    this.#reach = hosters;
  }

  get voters(): Voter[] {
    const charter: Charter = this.#world.charters.current;
    return votingHosters(charter).flatMap(({ id, voter }) => {
      const daemon = findDaemon(charter, voter ?? '');
      if (daemon === undefined || this.#reach?.includes(id) === false) return [];
      const remote = remoteVoter(id, this.#client(daemon));
      const append: Voter['append'] = async (brought, certificate) => {
        const reply = await remote.append(brought, certificate);
        if (reply.result === 'cosigned') this.#keep(brought.checkpoint, reply.cosignature);
        return reply;
      };
      return [{ ...remote, append }];
    });
  }

  append(...payloads: readonly Payload[]): Promise<Appended> {
    return this.#writer.append(() => payloads);
  }

  /** Bytes that nobody can read. */
  scribble(entries = 1): Promise<Appended> {
    const one = () => ({ kind: 'objects', sealed: this.#random.bytes(40) }) as const;
    return this.append(...Array.from({ length: entries }, one));
  }

  spread(): Promise<void> {
    return this.#writer.spreadCertificate();
  }

  /** Every line that anybody signed on its newest head, whatever it is worth, and `times` each, as a certificate. */
  patchedCertificate(times = 1): string {
    const { checkpoint } = this.logs.state(this.origin);
    const { text, signatures } = parseNote(checkpoint);
    const lines = this.#lines.get(headName(checkpoint)) ?? [];
    const repeated = Array.from({ length: times }, () => lines).flat();
    return formatNote({ text, signatures: [...signatures, ...repeated] });
  }

  /** Reads the vault as anybody would who knows nothing yet, and says what counts of this log. */
  async read(vault: Uint8Array): Promise<void> {
    const { crypto, charters } = this.#world;
    const { clock } = this.#options.program;
    const logs = await LogStore.open(memoryStore(), crypto);
    const random = this.#world.random(`${this.origin}/reader`);
    this.#world.tell({ of: 'reads', origin: this.origin });
    await refresh(
      { crypto, clock, random, charters, voters: () => this.voters, logs },
      { of: 'vault', vault },
    );
    const roots: string[] = [];
    for (const part of await partsOf(logs, crypto, this.origin)) {
      for (let size = 1; size <= part.size; size++) {
        const root = await part.logs.rootAt(this.origin, size);
        if (root !== undefined) roots.push(`${size} ${toBase64(root)}`);
      }
    }
    this.#world.tell({ of: 'counted', origin: this.origin, heads: roots });
  }

  #keep(checkpoint: string, cosignature: string): void {
    const line = parseSignature(cosignature);
    const name = headName(checkpoint);
    const known = this.#lines.get(name) ?? [];
    const text = (one: NoteSignature) => `${one.name} ${toBase64(one.signature)}`;
    if (!known.some((one) => text(one) === text(line))) this.#lines.set(name, [...known, line]);
  }

  #client(daemon: { readonly peer: string; readonly addresses: readonly string[] }): PeerClient {
    const known = this.#clients.get(daemon.peer);
    if (known !== undefined) return known;
    const { network, identity } = this.#options;
    const { crypto, charters } = this.#world;
    const charterName = charters.current.name;
    const charterVersion = () => charters.current.version;
    const client = new PeerClient(daemon, { network, crypto, charterName, charterVersion, identity });
    this.#clients.set(daemon.peer, client);
    return client;
  }
}

function headName(checkpoint: string): string {
  const { size, root } = readHead(checkpoint);
  return `${size} ${toBase64(root)}`;
}

/** Whose connections a pen uses: its own device's, unless a daemon brings what it writes. */
export type Carrier = Pick<PenOptions, 'program' | 'network' | 'identity'>;

/** A device of the town's that does as it likes, with a vault of its own; several programs may have its key. */
export async function crookedDevice(world: World, name: string): Promise<CrookedDevice> {
  const { crypto, charters } = world;
  const random = world.random(name);
  const program = world.program(name, 0);
  const seed = random.bytes(32);
  const network = world.party(program, { name, seed: random.bytes(32), listens: false });
  await network.start();
  const vault = crypto.sha256(utf8(name));
  const { rootSeed } = agencyKeys(crypto, secretOfWords(world.words('town')));
  const deviceKey = crypto.ed25519Public(seed);
  const said = { charter: charters.current.name, agency: 'town', deviceKey, issued: program.clock.now() };
  const note = signDelegation(
    crypto,
    {
      ...said,
      format: 'vauban/delegate/0',
      peer: network.self,
      vault,
      policy: 'standard',
      rights: ['write', 'delete'],
      until: program.clock.now() + 86_400_000,
    },
    rootSeed,
  );
  const own: Carrier = { program, network, identity: { role: 'device', note } };
  const genesis: Genesis = { kind: 'genesis', writer: 'device', note, adopts: null };
  let nth = 0;
  return {
    vault,
    open(carrier = own) {
      nth += 1;
      return Pen.open(world, { ...carrier, seed, genesis, nth });
    },
    revocation: () => signRootNote(crypto, { ...said, format: 'vauban/revoke/0' }, rootSeed),
  };
}

export interface CrookedDevice {
  readonly vault: Uint8Array;
  /** One more program that has its key. */
  readonly open: (carrier?: Carrier) => Promise<Pen>;
  /** The root note by which its agency takes its rights away. */
  readonly revocation: () => Uint8Array;
}
