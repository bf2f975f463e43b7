// Node adapters of the ports: the one door through which daemon, client, fleet and cli reach the machine.

export { nodeClock } from './clock.ts';
export { nodeCrypto } from './crypto.ts';
export { openFiles } from './files.ts';
export { keepOwner, makeDirectory } from './owner.ts';
export {
  findLevelStore,
  type FoundStore,
  type LevelStoreOptions,
  openLevelStore,
  setLevelStoreAside,
} from './level-store.ts';
export { nodeRandom } from './random.ts';
export { nodePassphraseKdf } from './passphrase.ts';
