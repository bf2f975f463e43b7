// Giving a draft up: one officer's promise never to sign it, as a line of text, and what enough of them allow.

import { charterHash, decodeCharter, Fault, fromBase64Url, toBase64Url, toHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  type CharterChain,
  abandonmentsNeeded,
  isDraftDead,
  openAbandonment,
  signAbandonment,
} from '@vauban/ledger';
import type { CharterDesk } from './charter-desk.ts';
import { abandonOnce, openOfficerKey } from './officer-key.ts';
import { readDraft } from './officers-work.ts';

const LINE_PREFIX = 'vauban-abandon0:';

export interface AbandonedDraft {
  readonly line: string;
  readonly officer: string;
  readonly version: number;
  /** Officers who must do so before the draft is dead. */
  readonly needed: number;
}

/** Faults: those of readDraft and openOfficerKey, DRAFT_SIGNED. */
export async function abandonDraft(
  desk: CharterDesk,
  of: { readonly path: string; readonly key: string },
): Promise<AbandonedDraft> {
  const { current } = desk.chain;
  const draft = await readDraft(of.path);
  const { version } = decodeCharter(draft.body);
  const key = await openOfficerKey(of.key, [current]);
  await abandonOnce(key, draft);
  const { officer, seed } = key;
  const hash = charterHash(nodeCrypto, draft.body);
  const said = { charter: current.name, version, draft: hash, officer };
  const line = LINE_PREFIX + toBase64Url(signAbandonment(nodeCrypto, said, seed));
  return { line, officer, version, needed: abandonmentsNeeded(current) };
}

/** Drafts, by hex hash, that the lines given kill. Faults: ABANDON_LINE, those of openAbandonment. */
export function deadDrafts(chain: CharterChain, lines: readonly string[]): ReadonlySet<string> {
  const { current } = chain;
  const abandonments = lines.map((line) => {
    const text = line.trim();
    const bytes = text.startsWith(LINE_PREFIX) ? fromBase64Url(text.slice(LINE_PREFIX.length)) : undefined;
    if (bytes === undefined) {
      const message = `that is no officer's abandonment: it does not begin with ${LINE_PREFIX} or is cut short`;
      throw new Fault('refused', 'ABANDON_LINE', message, {});
    }
    return openAbandonment(nodeCrypto, current, bytes);
  });
  const drafts = new Map(abandonments.map(({ draft }) => [toHex(draft), draft]));
  // Who signed the rival is not known here; the number needed allows for those who abandon it in spite of that.
  const signers: ReadonlySet<string> = new Set();
  return new Set(
    [...drafts].flatMap(([id, draft]) =>
      isDraftDead(current, { draft, signers, abandonments }) ? [id] : [],
    ),
  );
}
