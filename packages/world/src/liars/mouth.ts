// Where a liar's answers pass: the handler that its daemon serves, with each question already read. Lets everything
// through that a liar has nothing to say about, so that a lie stands among truths.

import type { ByteStream, Network, NetworkHandler } from '@vauban/core';
import {
  type AnswerOf,
  type Ask,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  type RequestOf,
} from '@vauban/wire';
import type { MachinePorts } from '../liar.ts';

/** One request, and the way to what the daemon itself would say. */
export interface Question<Name extends Ask> {
  readonly from: string;
  readonly asked: RequestOf<Name>;
  /** The daemon's answer in bytes; asking again asks it again. */
  readonly honest: () => Promise<Uint8Array>;
  /** The same, read; undefined when the daemon refuses. */
  readonly truth: () => Promise<AnswerOf<Name> | undefined>;
  /** An answer as bytes, under the charter version the daemon names. */
  readonly say: (answer: AnswerOf<Name>) => Promise<Uint8Array>;
}

/** What a liar says to each kind of question; undefined lets the daemon speak. */
export type Lies = {
  readonly [Name in Ask]?: (question: Question<Name>) => Promise<Uint8Array | undefined>;
};

export interface Mouth {
  readonly answers?: Lies;
  /** For questions that `answers` has nothing on. */
  readonly any?: (question: Question<Ask>) => Promise<Uint8Array | undefined>;
  /** Owns the stream when it does not pass it on. */
  readonly bulk?: (
    stream: ByteStream,
    honest: (stream: ByteStream) => Promise<void>,
    from: string,
  ) => Promise<void>;
}

/** The ports with another mouth. */
export function speaking(ports: MachinePorts, mouth: Mouth): MachinePorts {
  return { ...ports, network: throughMouth(ports.network, mouth) };
}

function throughMouth(network: Network, mouth: Mouth): Network {
  return {
    self: network.self,
    get addresses() {
      return network.addresses;
    },
    get traffic() {
      return network.traffic;
    },
    start: () => network.start(),
    stop: () => network.stop(),
    serve: (handler) => network.serve(lying(handler, mouth)),
    request: (peer, body, options) => network.request(peer, body, options),
    bulk: (peer, options) => network.bulk(peer, options),
  };
}

function lying(handler: NetworkHandler, { answers, any, bulk }: Mouth): NetworkHandler {
  return {
    async request(from, body) {
      const question = questionOf(handler, from, body);
      if (question === undefined || question.asked.ask === 'hello') return handler.request(from, body);
      const lie = answers?.[question.asked.ask] as
        | ((asked: unknown) => Promise<Uint8Array | undefined>)
        | undefined;
      return (await (lie ?? any)?.(question)) ?? handler.request(from, body);
    },
    bulk: (from, stream) =>
      bulk === undefined
        ? handler.bulk(from, stream)
        : bulk(stream, (other) => handler.bulk(from, other), from),
    closed: (from) => handler.closed(from),
  };
}

function questionOf(handler: NetworkHandler, from: string, body: Uint8Array): Question<Ask> | undefined {
  let asked: RequestOf<Ask>;
  try {
    asked = decodeRequest(body);
  } catch {
    return undefined;
  }
  const honest = () => handler.request(from, body.slice());
  const read = async () => {
    try {
      return decodeAnswer(asked.ask, await honest());
    } catch {
      return undefined;
    }
  };
  return {
    from,
    asked,
    honest,
    truth: async () => (await read())?.answer,
    say: async (answer) => encodeAnswer(answer, (await read())?.version ?? 1),
  };
}
