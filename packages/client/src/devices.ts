// The devices of a vault as the ledger knows them, and taking one's rights away: its log is sealed, its end is settled by
// q hosters' word, and what lies beyond the certified part is taken over into this device's own log.

import { type Clock, type Crypto, Fault, isFault, quorumOf, toHex } from '@vauban/core';
import {
  type Adopt,
  type Delegation,
  type LogPart,
  type LogStore,
  type LogWriter,
  makeAdopt,
  openEntry,
  openNoteUnder,
  openRootNote,
  originOf,
  partsOf,
  type ReaderOptions,
  refresh,
  type RootNote,
  signRootNote,
  isVoided,
} from '@vauban/ledger';
import { acknowledged } from './acknowledgement.ts';

/** Entries taken over in one append: each carries its proof, and what is refused is tried again alone. */
const ADOPT_ENTRIES_MAX = 32;
const ADOPT_BYTES_MAX = 262_144;

export interface DeviceLine {
  readonly origin: string;
  /** Of the newest delegation, in milliseconds. */
  readonly issued: number;
  readonly until: number;
  readonly revoked: boolean;
  /** Let in by a root key that the charter has since replaced: no hoster opens it a session. */
  readonly formerRoot: boolean;
  /** A root note says for good what of its log counts. */
  readonly sealed: boolean;
  /** Certified entries of its log. */
  readonly entries: number;
  /** The one this machine writes with. */
  readonly own: boolean;
}

export interface Revoked {
  readonly device: string;
  /** Histories of its log that count. */
  readonly branches: number;
  /** Entries beyond the certified part that were taken over. */
  readonly adopted: number;
  /** Entries that no hoster takes over, with why. */
  readonly skipped: readonly { readonly index: number; readonly code: string }[];
}

export interface DevicesPorts {
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** Over the opened state. */
  readonly reader: ReaderOptions;
  readonly vault: Uint8Array;
  readonly agency: string;
  readonly own: string;
}

/** The vault's devices, oldest first. Faults: QUORUM_UNREACHABLE, and those of `refresh`. */
export async function listDevices(ports: DevicesPorts): Promise<DeviceLine[]> {
  const { crypto, reader, vault, own } = ports;
  await refresh(reader, { of: 'vault', vault });
  const notes = await notesOf(ports);
  const newest = new Map<string, Delegation>();
  const underRoot = new Set<string>();
  for (const { said: note, isCurrent } of notes) {
    if (note.format !== 'vauban/delegate/0' || toHex(note.vault) !== toHex(vault)) continue;
    const origin = originOf(crypto, note.charter, note.deviceKey);
    const known = newest.get(origin);
    if (known === undefined || known.issued < note.issued) newest.set(origin, note);
    if (isCurrent) underRoot.add(origin);
  }
  const named = (format: RootNote['format']) =>
    new Set(
      notes.flatMap(({ said: note }) => {
        if (note.format !== format || note.format === 'vauban/delegate/0') return [];
        return [
          note.format === 'vauban/sealed/0' ? note.origin : originOf(crypto, note.charter, note.deviceKey),
        ];
      }),
    );
  const [revoked, sealed] = [named('vauban/revoke/0'), named('vauban/sealed/0')];
  return [...newest]
    .map(([origin, { issued, until }]) => ({
      origin,
      issued,
      until,
      revoked: revoked.has(origin),
      formerRoot: !underRoot.has(origin),
      sealed: sealed.has(origin),
      entries: reader.logs.state(origin).certifiedSize,
      own: origin === own,
    }))
    .sort((a, b) => a.issued - b.issued);
}

interface ListedNote {
  readonly said: RootNote;
  /** Signed by the root key that the charter names now, not by one before. */
  readonly isCurrent: boolean;
}

/** The agency's notes, as q hosters list them together. Faults: QUORUM_UNREACHABLE. */
async function notesOf({ reader, agency, crypto }: DevicesPorts): Promise<ListedNote[]> {
  const found = new Map<string, ListedNote>();
  const told = await Promise.allSettled(
    reader.voters().map(async (voter) => {
      for (let after: Uint8Array | null = null; ; ) {
        const { notes, more } = await voter.notes(after);
        for (const note of notes) {
          const hash = toHex(crypto.sha256(note));
          const listed = found.get(hash) ?? opened(reader, note);
          if (listed?.said.agency === agency) found.set(hash, listed);
        }
        const last = notes.at(-1);
        if (!more || last === undefined) return;
        after = crypto.sha256(last);
      }
    }),
  );
  const answered = told.filter(({ status }) => status === 'fulfilled').length;
  const needed = quorumOf(reader.charters.current);
  if (answered >= needed) return [...found.values()];
  const message = `${needed} hosters must list the devices, ${answered} did`;
  throw new Fault('unreachable', 'QUORUM_UNREACHABLE', message, { needed, answered });
}

/** Undefined for what no root key of the agency ever signed: a hoster made it up. */
function opened({ crypto, charters }: ReaderOptions, note: Uint8Array): ListedNote | undefined {
  try {
    return { said: openRootNote(crypto, charters.current, note), isCurrent: true };
  } catch {
    try {
      return { said: openNoteUnder(crypto, charters.versions(), note), isCurrent: false };
    } catch {
      return undefined;
    }
  }
}

/** The device that a person means: its origin, or the beginning of its number. Faults: DEVICE_UNKNOWN, DEVICE_OWN. */
export function deviceNamed(devices: readonly DeviceLine[], name: string): DeviceLine {
  const wanted = name.toLowerCase();
  const hits = devices.filter(
    ({ origin }) => origin === wanted || origin.slice(origin.indexOf('/') + 1).startsWith(wanted),
  );
  const [found] = hits;
  if (found === undefined || hits.length > 1 || wanted === '') {
    const message =
      hits.length > 1
        ? `${hits.length} devices begin with ${name}: give more of its number (see vauban vault devices)`
        : `this vault has no device ${name} (see vauban vault devices)`;
    throw new Fault('usage', 'DEVICE_UNKNOWN', message, { name, matching: hits.length });
  }
  if (found.own) {
    const message =
      'this is the device you are working with: revoke it from another one, or recover the vault with its 24 words into another directory first';
    throw new Fault('usage', 'DEVICE_OWN', message, { device: found.origin });
  }
  return found;
}

/**
 * Seals the log of a device and takes over what lies beyond its certified part. Interrupted, it can be done again.
 * Faults: DEVICE_UNKNOWN, DEVICE_OWN, QUORUM_UNREACHABLE, UNFINISHED.
 */
export async function revokeDevice(
  ports: DevicesPorts & {
    readonly rootSeed: Uint8Array;
    readonly writer: () => Promise<LogWriter>;
  },
  name: string,
): Promise<Revoked> {
  const { crypto, clock, reader, agency, vault } = ports;
  const { origin } = deviceNamed(await listDevices(ports), name);
  const notes = (await notesOf(ports)).map(({ said }) => said);
  const device = notes.find(
    (one): one is Delegation =>
      one.format === 'vauban/delegate/0' && originOf(crypto, one.charter, one.deviceKey) === origin,
  ) as Delegation;
  const about = { charter: device.charter, agency, issued: clock.now() };
  const sign = (note: RootNote) => signRootNote(crypto, note, ports.rootSeed);
  // A revocation that is known already is finished by every reading; this one makes sure that q hosters have sealed.
  const before = notes.find(
    (one) => one.format === 'vauban/revoke/0' && toHex(one.deviceKey) === toHex(device.deviceKey),
  );
  await acknowledged(
    reader,
    sign(before ?? { format: 'vauban/revoke/0', ...about, deviceKey: device.deviceKey }),
  );
  await refresh(reader, { of: 'vault', vault });
  await refresh(reader, { of: 'origins', origins: [origin] });
  const parts = await partsOf(reader.logs, crypto, origin);
  const branches = [];
  for (const { logs, size } of parts) {
    const root = await logs.rootAt(origin, size);
    if (root !== undefined) branches.push({ size, root });
  }
  if (!notes.some((one) => one.format === 'vauban/sealed/0' && one.origin === origin)) {
    await acknowledged(reader, sign({ format: 'vauban/sealed/0', ...about, origin, branches }));
  }
  await refresh(reader, { of: 'origins', origins: [origin] });
  const left = await leftBehind(ports, origin, parts);
  const writer = left.length === 0 ? undefined : await ports.writer();
  const skipped = writer === undefined ? [] : await takeOver(writer, left);
  return { device: origin, branches: parts.length, adopted: left.length - skipped.length, skipped };
}

/** What counts of a sealed log beyond its certified part, and no log of the vault has taken over. */
async function leftBehind(
  { crypto, reader, vault }: DevicesPorts,
  origin: string,
  parts: readonly LogPart[],
): Promise<Adopt[]> {
  const certified = Math.max(0, ...parts.map(({ certifiedSize }) => certifiedSize));
  const done = await takenOver(reader.logs, crypto, { vault, origin });
  const found: Adopt[] = [];
  for (const { logs, size } of parts) {
    const own = logs.state(origin).certifiedSize;
    // A branch that parts before the certified end has entries of its own below it.
    const from = own === certified ? certified : await commonSize(parts, logs, { origin, certified });
    for (let index = Math.max(1, from); index < size; index++) {
      if (await isVoided(logs.store, { origin, index })) continue;
      const [record] = await logs.records(origin, index, index + 1);
      if (record === undefined || 'erased' in record) continue;
      const { payload } = openEntry(crypto, record.entry, record);
      const adopt = payload.kind === 'adopt' ? payload : await makeAdopt(crypto, { logs, origin, index });
      const takes = payload.kind === 'adopt' || ['place', 'keep', 'objects'].includes(payload.kind);
      if (adopt === undefined || !takes || done.has(toHex(adopt.branch))) continue;
      done.add(toHex(adopt.branch));
      found.push(adopt);
    }
  }
  return found;
}

/** How far a branch agrees with the certified one. */
async function commonSize(
  parts: readonly LogPart[],
  logs: LogStore,
  of: { readonly origin: string; readonly certified: number },
): Promise<number> {
  const main = parts.find(({ certifiedSize }) => certifiedSize === of.certified)?.logs;
  const longest = Math.min(of.certified, logs.state(of.origin).size);
  if (main === undefined) return longest;
  for (let size = longest; size > 0; size--) {
    const [one, two] = [await main.rootAt(of.origin, size), await logs.rootAt(of.origin, size)];
    if (one !== undefined && two !== undefined && toHex(one) === toHex(two)) return size;
  }
  return 0;
}

/** Leaf hashes of entries of a log that some certified entry of the vault has taken over. */
async function takenOver(
  logs: LogStore,
  crypto: Crypto,
  of: { readonly vault: Uint8Array; readonly origin: string },
): Promise<Set<string>> {
  const done = new Set<string>();
  for (const by of await logs.originsOfVault(of.vault)) {
    const { certifiedSize } = logs.state(by);
    for (let from = 0; from < certifiedSize; from += 256) {
      const records = await logs.records(by, from, Math.min(certifiedSize, from + 256));
      for (const [nth, record] of records.entries()) {
        if ('erased' in record) continue;
        const { payload } = openEntry(crypto, record.entry, record);
        if (payload.kind !== 'adopt' || payload.origin !== of.origin) continue;
        if (!(await isVoided(logs.store, { origin: by, index: from + nth }))) done.add(toHex(payload.branch));
      }
    }
  }
  return done;
}

/** Appends them in order; what the hosters refuse is left out, and said. */
async function takeOver(writer: LogWriter, left: readonly Adopt[]): Promise<Revoked['skipped']> {
  const skipped: { readonly index: number; readonly code: string }[] = [];
  const waiting = [...left];
  while (waiting.length > 0) {
    let bytes = 0;
    const batch: Adopt[] = [];
    while (waiting[0] !== undefined && batch.length < ADOPT_ENTRIES_MAX && bytes < ADOPT_BYTES_MAX) {
      const next = waiting.shift() as Adopt;
      bytes += next.record.payload.length;
      batch.push(next);
    }
    try {
      await writer.append(() => batch);
    } catch (error) {
      if (!isFault(error) || !isForGood(error)) throw error;
      // Voided all together; each alone shows which it was.
      for (const adopt of batch) {
        const alone = batch.length === 1 ? Promise.reject(error) : writer.append(() => [adopt]);
        await alone.catch((one: unknown) => {
          if (!isFault(one) || !isForGood(one)) throw one;
          skipped.push({ index: adopt.index, code: one.code });
        });
      }
    }
  }
  return skipped;
}

function isForGood(fault: Fault): boolean {
  return fault.kind === 'refused' && fault.facts['class'] !== 'later' && fault.code !== 'LOG_SEALED';
}
