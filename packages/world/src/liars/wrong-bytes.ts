// A liar: flips a bit in the fragments and in the entries it hands out.

import type { ByteStream } from '@vauban/core';
import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

export const wrongBytes: Liar = {
  name: 'wrong-bytes',
  losesData: true,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        batches: async (question) => {
          const truth = await question.truth();
          const [first, ...rest] = truth?.batches ?? [];
          const record = first?.records.at(-1);
          if (first === undefined || record === undefined || sometimes(setting, 3)) return undefined;
          setting.did('changes an entry');
          const changed =
            'payload' in record && sometimes(setting, 2)
              ? { ...record, payload: flipped(record.payload) }
              : { ...record, entry: flipped(record.entry) };
          const batch = { ...first, records: [...first.records.slice(0, -1), changed] };
          return question.say({ batches: [batch, ...rest] });
        },
      },
      bulk: (stream, honest) => honest(sometimes(setting, 4) ? stream : twisted(stream, setting.did)),
    }),
};

export function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const at = changed.length - 1;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** Answers stay as they are; what is as long as a leaf or longer is bytes, and is changed. */
function twisted(stream: ByteStream, did: (what: string) => void): ByteStream {
  return {
    read: (length) => stream.read(length),
    readInto: (into) => stream.readInto(into),
    write(bytes) {
      if (bytes.length < 1_024) return stream.write(bytes);
      did('changes bytes');
      return stream.write(flipped(bytes));
    },
    closeWrite: () => stream.closeWrite(),
    abort: () => stream.abort(),
  };
}
