// The drill's own agency: one a network, made at its first drill, with a vault beside the network's charter. What a drill
// stores is like any agency's data: nothing in the network knows it from others.

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@vauban/core';
import { keepOwner, makeDirectory, nodeCrypto, nodeRandom } from '@vauban/core/node';
import { activateVault, createVault, nodeClient, openAgencyLine, Vault } from '@vauban/client';
import { enactCharter, NetworkSession } from '@vauban/fleet';

const DIRECTORY = 'drills';
const AGENCY = 'Exercices du consortium';

/** The vault, and the words it was made with. Needs the officers' keys in the network's directory. */
export async function joinAsAgency(
  network: string,
  of: { readonly vault: string; readonly passphrase: string; readonly name: string },
): Promise<{ readonly words: string }> {
  const ports = await nodeClient(of.vault);
  const session = await NetworkSession.open(network, { as: 'officer' });
  const charter = session.chain.signedFrom(1);
  await session.close();
  const { passphrase } = of;
  const { words, publicLine } = await createVault(ports, { charter, passphrase, agencyName: of.name });
  const { id, name, rootKey } = openAgencyLine(nodeCrypto, publicLine);
  const chain = await enactCharter(network, (current) => {
    const policies = current.policies.map((one) => one.name);
    const agency = { id, name, rootKey, quotaBytes: 1e12, suspended: false, policies };
    return { ...current, agencies: [...current.agencies, agency] };
  });
  await activateVault(ports, { passphrase, charter: chain.signedFrom(1) });
  return { words: words.join(' ') };
}

/** Opens the network's drill vault; makes it where there is none. Faults: those of enactCharter, of Vault.open. */
export async function openDrillVault(network: string): Promise<Vault> {
  const home = join(network, DIRECTORY);
  const vault = join(home, 'vault');
  const passphraseFile = join(home, 'passphrase');
  const known = await readFile(passphraseFile, 'utf8').catch(() => undefined);
  if (known !== undefined) return Vault.open(await nodeClient(vault), known.trim());
  await makeDirectory(home);
  const passphrase = toHex(nodeRandom.bytes(16));
  // One that an earlier drill only began is begun anew, under another name: the charter may list the first one already.
  const begun = join(home, 'vault.begun');
  await rm(begun, { recursive: true, force: true });
  await rm(vault, { recursive: true, force: true });
  await joinAsAgency(network, { vault: begun, passphrase, name: `${AGENCY} ${toHex(nodeRandom.bytes(2))}` });
  await rename(begun, vault);
  await writeFile(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  await keepOwner(passphraseFile);
  return Vault.open(await nodeClient(vault), passphrase);
}
