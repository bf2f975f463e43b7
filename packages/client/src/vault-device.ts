// This machine's device of a vault: its key, its log, and its renewal when the key must not sign any more. A vault
// directory that was restored from a copy, or used twice at once, goes on under a new key and a new log.

import { Fault, isFault } from '@vauban/core';
import {
  type AdoptedHead,
  historiesOf,
  LogWriter,
  originOf,
  readDelegation,
  readHead,
  refresh,
  type SignedCharter,
  signRootNote,
} from '@vauban/ledger';
import { acknowledged } from './acknowledgement.ts';
import type { Membership } from './membership.ts';
import type { ClientPorts } from './ports.ts';
import { rootKeysOf, sealVaultKeys, type VaultConfig, type VaultKeys } from './vault-config.ts';
import { readKeys, writeConfig, writeKeys } from './vault-files.ts';
import { DELEGATION_MS } from './vault-setup.ts';
import type { VaultState } from './vault-state.ts';

export interface VaultDeviceOptions {
  readonly ports: ClientPorts;
  readonly config: VaultConfig;
  readonly keys: VaultKeys;
  readonly passphrase: string;
  readonly membership: () => Membership;
  readonly onNotice: (fault: Fault) => void;
}

export class VaultDevice {
  readonly #options: VaultDeviceOptions;
  #config: VaultConfig;
  #keys: VaultKeys;

  constructor(options: VaultDeviceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#keys = options.keys;
  }

  /** Origin of this device's log. */
  get origin(): string {
    return this.#config.device;
  }

  get config(): VaultConfig {
    return this.#config;
  }

  /** The agency's root key pair. */
  get agencyKeys() {
    return rootKeysOf(this.#options.ports.crypto, this.#keys);
  }

  /** Whether it was given the right to give up claims. */
  get mayDelete(): boolean {
    const { note } = this.#config;
    return note !== null && readDelegation(note).rights.includes('delete');
  }

  keepCharter(charter: readonly SignedCharter[]): Promise<void> {
    return this.#write({ ...this.#config, charter });
  }

  async #write(config: VaultConfig): Promise<void> {
    await writeConfig(this.#options.ports, config);
    this.#config = config;
  }

  /**
   * The writer of this device's log, started. A key that must not sign again is replaced first. Faults: LOG_SEALED (the
   * agency revoked this device), QUORUM_UNREACHABLE, UNFINISHED.
   */
  async writer(state: VaultState): Promise<LogWriter> {
    try {
      return await this.#started(state);
    } catch (error) {
      if (!isFault(error, 'WRITER_STATE_LOST')) throw error;
      await this.#renew(state);
      return this.#started(state);
    }
  }

  async #started(state: VaultState): Promise<LogWriter> {
    const { crypto, clock, random } = this.#options.ports;
    const { note, adopts } = this.#config;
    const writer = new LogWriter({
      ...this.#options.membership().reader(state.logs),
      crypto,
      clock,
      random,
      seed: this.#keys.deviceSeed,
      genesis: { kind: 'genesis', writer: 'device', note: note as Uint8Array, adopts },
    });
    await writer.start().catch((error: unknown) => {
      // An old append that the hosters refused is voided by now; its author was told then. Who is refused before that, such
      // as a device that was revoked a moment ago, has no writer.
      if (!isFault(error) || error.kind !== 'refused' || !writer.started) throw error;
    });
    return writer;
  }

  /** An append that a crash kept from every hoster is known here alone; what is written next has to know of it. */
  async finishOwn(state: VaultState): Promise<void> {
    const own = state.logs.state(this.origin);
    if (own.certifiedSize !== own.size) await this.writer(state);
  }

  async spreadCertificate({ logs }: VaultState): Promise<void> {
    const { origin } = this;
    const { certificate } = logs.state(origin);
    if (certificate === null) return;
    const voters = this.#options.membership().voters();
    await Promise.all(voters.map((voter) => voter.certify(origin, certificate).catch(() => undefined)));
  }

  /**
   * A new key, delegated by the agency's root key and acknowledged by q hosters, whose log starts from the old one's
   * certified head. The directory knows of the new key before and after it changes: a crash leaves it usable.
   */
  async #renew(state: VaultState): Promise<void> {
    const { ports, passphrase, membership, onNotice } = this.#options;
    const { crypto, random, clock, kdf } = ports;
    const before = this.#config;
    const { origin } = this;
    const reader = membership().reader(state.logs);
    // What the hosters show of the old log is finished; what is certified of it stays where it is.
    await refresh({ ...reader, onNotice }, { of: 'origins', origins: [origin] });
    const adopts = await this.#certifiedHead(state);
    const deviceSeed = random.bytes(32);
    const deviceKey = crypto.ed25519Public(deviceSeed);
    const { charter } = membership();
    const { peer, policy, rights } = readDelegation(before.note as Uint8Array);
    const now = clock.now();
    const delegation = {
      format: 'vauban/delegate/0',
      charter: charter.name,
      agency: before.agency,
      deviceKey,
      peer,
      vault: before.vault,
      policy,
      rights,
      issued: now,
      until: now + DELEGATION_MS,
    } as const;
    const note = signRootNote(crypto, delegation, this.agencyKeys.rootSeed);
    const device = originOf(crypto, charter.name, deviceKey);
    const renewal = { device, note, adopts };
    await this.#write({ ...before, renewal });
    await acknowledged(reader, note);
    // Another command may have put a new root key beside them.
    const keys = { ...(await readKeys(ports, passphrase)), deviceSeed };
    await writeKeys(ports, sealVaultKeys(keys, { passphrase, random, kdf }));
    this.#keys = keys;
    await this.#write({ ...before, ...renewal, renewal: null });
    const message =
      'this vault’s directory was put back from an older copy, or is used in two places: this machine goes on under a new key. Nothing that was stored is lost';
    onNotice(new Fault('failure', 'DEVICE_RENEWED', message, { before: origin, device }));
  }

  async #certifiedHead({ logs }: VaultState): Promise<AdoptedHead | null> {
    const { origin } = this;
    const histories = await historiesOf(logs, this.#options.ports.crypto, origin);
    const [best] = histories
      .map((one) => one.state(origin))
      .toSorted((a, b) => b.certifiedSize - a.certifiedSize);
    if (best === undefined || best.certificate === null) return null;
    const { size, root } = readHead(best.certificate);
    return { origin, size, root, certificate: best.certificate };
  }
}

/** A vault whose renewal was cut short: what its keys say is what it is. */
export function renewalDone(config: VaultConfig, device: string): VaultConfig {
  const { renewal } = config;
  if (renewal === null) return config;
  return renewal.device === device ? { ...config, ...renewal, renewal: null } : { ...config, renewal: null };
}
