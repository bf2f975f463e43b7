// A start that fails when the vote is already open leaves no file open behind it.

import { type FilesCall, memoryFiles, memoryStore, votingHosters } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import { signCharter } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { createMarker } from '../src/marker.ts';
import { openParts } from '../src/parts.ts';
import { votesPath, votingKeyFiles } from '../src/voting-keys.ts';
import { sampleCharter, sampleSeed } from '../../core/test/sample-charter.ts';

const charter = sampleCharter({ crypto, hosters: 4 });
const id = votingHosters(charter)[0]?.voter ?? '';
const votes = votesPath(0);

test.each(['readAll', 'sync'] as const)(
  'a disk that fails a %s after the votes were opened',
  async (fails) => {
    let broken = false;
    let open = 0;
    const fail = ({ call, path }: FilesCall) => {
      if (path === votes && (call === 'create' || call === 'append')) open += 1;
      if (path === votes && call === 'close') open -= 1;
      const failing = broken && call === fails && (fails === 'readAll' ? open > 0 : path === votes);
      return failing ? Object.assign(new Error('the disk failed'), { code: 'EIO' }) : undefined;
    };
    const files = memoryFiles({ fail });
    const seed = sampleSeed(crypto, 'voting-1-0');
    await files.makeDirectory('keys');
    await files.syncDirectory('');
    await createMarker(files, id);
    const votingKeys = votingKeyFiles({ files, directory: 'keys', data: files, crypto, random: nodeRandom });
    await votingKeys.create(0, { role: 'voting-0', seed, publicKey: crypto.ed25519Public(seed) });
    expect(open).toBe(0);
    broken = true;

    const started = openParts(
      {
        id,
        keys: { transportSeed: seed, receiptSeed: seed, logSeed: seed },
        votingKeys,
        charter: [
          signCharter(
            crypto,
            charter,
            ['officer-1', 'officer-2', 'officer-3'].map((officer) => ({
              id: officer,
              seed: sampleSeed(crypto, officer),
            })),
          ),
        ],
        network: silent,
        files,
        store: memoryStore(),
        crypto,
        clock: {
          now: () => 0,
          monotonic: () => 0,
          sleep: async () => undefined,
          after: () => () => undefined,
        },
        random: nodeRandom,
        capacityBytes: 2 ** 30,
        log: () => undefined,
      },
      new AbortController().signal,
    );
    if (fails === 'readAll') await expect(started).rejects.toMatchObject({ code: 'EIO' });
    // Its vote is silent for that, and the daemon serves: what it opened in between is closed all the same.
    else expect((await started).mirror.silent).not.toBeNull();
    expect(open).toBe(0);
  },
);

const unreachable = () => Promise.reject(new Error('nobody is called'));
const silent = {
  self: 'self',
  addresses: [],
  start: async () => undefined,
  stop: async () => undefined,
  serve: () => undefined,
  request: unreachable,
  bulk: unreachable,
  traffic: { sentBytes: 0, receivedBytes: 0 },
};
