// vauban check-proof: whether a proof of placement or deletion holds, from its file and a charter root alone. Loads nothing that
// knows a network, a vault or a key, so that whoever audits can see that it asks nobody.

import { readFile, stat } from 'node:fs/promises';
import { type Crypto, Fault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface Options {
  readonly charterRoot: string;
}

const ROOT = /^[a-z0-9-]{1,40}\+charter0\+[0-9a-f]{64}$/;

export function registerCheckProof(program: Command, context: Context): void {
  const command = program
    .command('check-proof')
    .description('check a proof of placement or deletion: no network, no vault, no key')
    .argument('<file>', 'what vauban prove or prove-deleted wrote')
    .requiredOption('--charter-root <text>', 'the consortium’s name for ever, from a source you trust');
  context.declare<Options>(command, {
    example: 'vauban check-proof minutes.proof --charter-root grand-est+charter0+9f…',
    notes:
      'Says what is proven and what is not. Any change to the file, even of one byte, makes it fail.\n' +
      'Ends with 0 when the proof holds, and with 3 when it does not. A proof of deletion may hold and say that\n' +
      'the deletion is not finished yet.',
    run: async ([file = ''], { charterRoot }) => {
      if (!ROOT.test(charterRoot)) {
        const message = 'a charter root is <name>+charter0+<64 hex digits>, as vauban charter show prints it';
        throw new Fault('usage', 'CHARTER_ROOT', message, {});
      }
      const { PROOF_BYTES_MAX } = await import('@vauban/ledger');
      const { nodeCrypto } = await import('@vauban/core/node');
      const bytes = await read(file, PROOF_BYTES_MAX);
      const { statement, words } = await check(nodeCrypto, bytes, charterRoot).catch((error: unknown) => {
        if (!(error instanceof Fault)) throw error;
        const { kind, code, message, facts } = error;
        throw new Fault(kind, code, `${file} does not check: ${message}`, facts, error);
      });
      context.print(
        { holds: true, charterRoot, statement },
        `This proof holds under the charter root given. It says:\n\n${words}`,
      );
    },
  });
}

/** By the format that the file begins with; what is neither is no proof of placement. */
async function check(crypto: Crypto, bytes: Uint8Array, root: string) {
  const { checkDeletion, checkProof, DELETION_FORMAT, deletionWordsOf, wordsOf } = await import(
    '@vauban/ledger'
  );
  const [first] = Buffer.from(bytes.subarray(0, 100)).toString('latin1').split('\n');
  if (first === DELETION_FORMAT) {
    const statement = await checkDeletion(crypto, bytes, root);
    return { statement, words: deletionWordsOf(statement) };
  }
  const statement = await checkProof(crypto, bytes, root);
  return { statement, words: wordsOf(statement) };
}

/** Faults: PROOF_FILE_MISSING, PROOF_MALFORMED (integrity) for what is too long to be one. */
async function read(file: string, bytesMax: number): Promise<Uint8Array> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Fault('usage', 'PROOF_FILE_MISSING', `there is no file ${file}`, { file });
  });
  if (found.size > bytesMax) {
    const message = `${file} is longer than a proof may be (${bytesMax} bytes)`;
    throw new Fault('integrity', 'PROOF_MALFORMED', message, { file, bytes: found.size });
  }
  return new Uint8Array(await readFile(file));
}
