// The parts of an open vault, and how they hang together: its place in the consortium, its device, its memory, and the way
// of segments in and out.

import { Fault, type Network, type Policy } from '@vauban/core';
import { vaultSecret } from '@vauban/seal';
import { Committer } from './committer.ts';
import { freshReceipts } from './fresh-receipts.ts';
import { CurrentHolders } from './current-holders.ts';
import { Membership } from './membership.ts';
import { Namespace, type NamespaceOptions } from './namespace.ts';
import type { ClientPorts } from './ports.ts';
import type { RemovalOptions } from './removal.ts';
import { type Liar, SegmentReader } from './segment-reader.ts';
import { segmentBytesOf, SegmentSource } from './segment-source.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SlabPool } from './slab-pool.ts';
import { Sync } from './sync.ts';
import { Turns } from './turns.ts';
import type { VaultConfig, VaultKeys } from './vault-config.ts';
import { VaultDevice } from './vault-device.ts';
import { VaultStateDoor } from './vault-state.ts';

/** Segments in memory at once, uploads and downloads together: enough to keep the network busy while one is coded. */
const TURNS = 2;

/** An entry is dated a moment after its retention was counted. */
const ENTRY_LATER_MS = 60_000;

/** Read from the vault's directory. */
export interface OpenedVault {
  readonly config: VaultConfig;
  readonly keys: VaultKeys;
  readonly passphrase: string;
}

export interface VaultParts {
  readonly network: Network;
  readonly membership: Membership;
  readonly device: VaultDevice;
  readonly door: VaultStateDoor;
  /** What the namespace is read with: for whoever reads it as of another moment. */
  readonly view: NamespaceOptions;
  readonly namespace: Namespace;
  readonly holders: CurrentHolders;
  readonly sync: Sync;
  readonly source: SegmentSource;
  readonly segmentWriter: SegmentWriter;
  readonly turns: Turns;
  readonly committer: Committer;
  readonly removal: RemovalOptions;
}

/** Nothing is started. Faults: AGENCY_UNKNOWN (not in force yet), POLICY_OTHER. */
export function vaultParts(
  ports: ClientPorts,
  { config, keys, passphrase }: OpenedVault,
  on: { readonly liar: (liar: Liar) => void; readonly notice: (fault: Fault) => void },
): VaultParts {
  const { agency, note, vault } = config;
  if (note === null) {
    const message = 'the agency is not in force yet; run `vauban vault create` again';
    throw new Fault('refused', 'AGENCY_UNKNOWN', message, { agency });
  }
  const { crypto, clock, random } = ports;
  const network = ports.network(keys.transportSeed);
  const membership = new Membership({
    ports,
    network,
    identity: { role: 'device', note },
    charter: config.charter,
    onCharter: (versions) => device.keepCharter(versions),
  });
  const device: VaultDevice = new VaultDevice({
    ports,
    config,
    keys,
    passphrase,
    membership: () => membership,
    onNotice: on.notice,
  });
  const door = new VaultStateDoor(ports.openState, { clock, crypto });
  const { links } = membership;
  const segments = { links, crypto, clock, slabs: new SlabPool() };
  const newer = () => membership.settled().catch(() => undefined);
  const holders = new CurrentHolders({ links, clock, newer });
  const source = new SegmentSource(new SegmentReader({ ...segments, holders, onLiar: on.liar }));
  const secret = vaultSecret(keys.agencySecret, vault);
  const view = { crypto, vault, vaultSecret: secret, source };
  const namespace = new Namespace(view);
  const segmentWriter = new SegmentWriter(segments);
  const turns = new Turns({ max: TURNS, bytesEach: segmentBytesOf(policyOf(membership, config)) });
  const committer = new Committer({
    crypto,
    random,
    vaultSecret: secret,
    door,
    writer: (state) => device.writer(state),
    freshReceipts: freshReceipts({ links, crypto, charter: () => membership.charter }),
    retainUntil: () => clock.now() + policyOf(membership, config).retentionMs + ENTRY_LATER_MS,
    committed: (state) => namespace.follow(state),
  });
  return {
    network,
    membership,
    device,
    door,
    view,
    namespace,
    holders,
    sync: new Sync({ vault, membership, device, door, namespace, onNotice: on.notice }),
    source,
    segmentWriter,
    turns,
    committer,
    removal: {
      crypto,
      clock,
      random,
      charter: () => membership.charter,
      policy: () => policyOf(membership, config),
      vault,
      writer: segmentWriter,
      turns,
      committer,
      door,
      catalog: namespace.catalog,
      mayRelease: device.mayDelete,
    },
  };
}

/** The vault's policy as the charter in force has it. Faults: POLICY_OTHER. */
export function policyOf({ charter }: Membership, { policy }: VaultConfig): Policy {
  const found = charter.policies.find((one) => one.name === policy);
  if (found === undefined)
    throw new Fault('refused', 'POLICY_OTHER', `the charter has no policy ${policy}`, {});
  return found;
}
