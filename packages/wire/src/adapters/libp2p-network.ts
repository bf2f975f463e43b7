// The network port on libp2p 3 over TCP, Noise and yamux: the only file that imports libp2p. It runs no protocol but the
// two of the port: no identify, ping, discovery, relay or routing, and it never dials by itself.
// May break with libp2p: what is relied on beyond its documented interface is said where it happens.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import { yamux } from '@chainsafe/libp2p-yamux';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type {
  ComponentLogger,
  Connection,
  ConnectionEncrypter,
  Ed25519PublicKey,
  Libp2p,
  Logger,
} from '@libp2p/interface';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock, Network, Peer } from '@vauban/core';
import { assert, Fault, PEER_BULK_STREAMS_MAX } from '@vauban/core';
import { createLibp2p } from 'libp2p';
import {
  BULK_PROTOCOL,
  firstLine,
  type Host,
  type HostConnection,
  type HostEvents,
  REQUEST_PROTOCOL,
} from './host.ts';
import { chaCha20Poly1305Decrypt, chaCha20Poly1305Encrypt } from './noise-cipher.ts';
import { type NetworkCounts, PeerNetwork } from './peer-network.ts';
import { TcpSockets } from './tcp-sockets.ts';

/** Format. yamux fixes the first window of every stream at 256 KiB; both sides count with it. */
const STREAM_WINDOW_BYTES = 262_144;
/**
 * The window every bulk stream gets at once: 100 MB/s over 10 ms, and the most one stream can pile up here unread. With
 * 256 KiB sender and receiver wait for each other even over loopback (half the throughput); 4 MiB gain nothing more.
 */
const STREAM_WINDOW_BYTES_MAX = 1_048_576;
/** Socket write buffer: four noise messages, so that a drain (which wakes every stream) comes once for all of them. */
const SOCKET_BUFFER_BYTES = 262_144;
/** Sockets at once: every daemon, device and gateway of a region several times over. */
const CONNECTIONS_MAX = 1_024;
/** New connections per second from one address: a whole office behind one, or a whole test network on one machine. */
const INBOUND_PER_SECOND = 256;
/** Handshakes at once. */
const HANDSHAKES_MAX = 128;
/** One address, a handshake from outside, the opening of a stream: seconds where milliseconds are usual. */
const ADDRESS_DIAL_MS = 3_000;
const HANDSHAKE_MS = 5_000;
const NEGOTIATE_MS = 5_000;
/** `stop` waits for connections to close in order for this long, then cuts them. */
const STOP_MS = 700;

export interface Libp2pNetworkOptions {
  /** 32 bytes; the Ed25519 transport key, and with it the peer id. */
  readonly transportSeed: Uint8Array;
  /** Multiaddrs to listen on; empty for a client. */
  readonly listen: readonly string[];
  readonly clock: Clock;
  /** Multiaddrs to report as `addresses` in place of those listened on (behind a port forward or a name). */
  readonly announce?: readonly string[];
}

/** The peer id (text form, as the charter writes it) of a 32-byte Ed25519 public key. */
export function peerIdOfPublicKey(publicKey: Uint8Array): string {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey) as Ed25519PublicKey).toString();
}

/** The peer id of the transport key with this 32-byte seed. */
export function peerIdOfSeed(seed: Uint8Array): string {
  return peerIdOfPublicKey(publicKeyOfSeed(seed));
}

/** RFC 8410: an Ed25519 private key in PKCS #8 is this prefix and the seed; a public key in SPKI ends in its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  assert(seed.length === 32, 'a transport seed has 32 bytes');
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
}

export function libp2pNetwork(options: Libp2pNetworkOptions): Network & { readonly counts: NetworkCounts } {
  return new PeerNetwork({
    self: peerIdOfSeed(options.transportSeed),
    clock: options.clock,
    host: (events) => new Libp2pHost(options, events),
  });
}

class Libp2pHost implements Host {
  readonly #options: Libp2pNetworkOptions;
  readonly #events: HostEvents;
  readonly #sockets = new TcpSockets();
  readonly #connections = new WeakMap<Connection, HostConnection>();
  /** A connection and the TCP connection under it share their timeline object: the only tie between the two. */
  readonly #receivedBytes = new WeakMap<object, () => number>();
  #libp2p: Libp2p | undefined;

  constructor(options: Libp2pNetworkOptions, events: HostEvents) {
    this.#options = options;
    this.#events = events;
  }

  get addresses(): readonly string[] {
    return this.#options.listen.length === 0 ? [] : (this.#libp2p?.getMultiaddrs().map(String) ?? []);
  }

  get traffic(): { readonly sentBytes: number; readonly receivedBytes: number } {
    return this.#sockets.traffic;
  }

  async start(): Promise<void> {
    const libp2p = await this.#create();
    const events = this.#events;
    libp2p.addEventListener('connection:open', (event) => events.opened(this.#wrap(event.detail)));
    libp2p.addEventListener('connection:close', (event) => events.closed(this.#wrap(event.detail)));
    await libp2p.handle(
      REQUEST_PROTOCOL,
      (stream, connection) => {
        spareWindowUpdates(stream);
        events.requests(stream, this.#wrap(connection));
      },
      { maxInboundStreams: 4, maxOutboundStreams: 4 },
    );
    // Counted per peer above; the library's own limits are per connection and include streams just ending.
    await libp2p.handle(
      BULK_PROTOCOL,
      (stream, connection) => {
        widenWindow(stream);
        events.bulk(stream, this.#wrap(connection));
      },
      { maxInboundStreams: 2 * PEER_BULK_STREAMS_MAX, maxOutboundStreams: CONNECTIONS_MAX },
    );
    this.#libp2p = libp2p;
    try {
      await libp2p.start();
    } catch (error) {
      this.#libp2p = undefined;
      const { listen } = this.#options;
      throw new Fault(
        'failure',
        'LISTEN_FAILED',
        `Cannot listen on ${listen.join(', ')}: ${firstLine(error)} Is another program using the port?`,
        { listen },
        error,
      );
    }
  }

  async stop(): Promise<void> {
    const libp2p = this.#libp2p;
    if (libp2p === undefined) return;
    this.#libp2p = undefined;
    const cancel = this.#options.clock.after(STOP_MS, () => this.#sockets.destroy());
    try {
      await libp2p.stop();
    } finally {
      cancel();
      this.#sockets.destroy();
    }
  }

  async dial(peer: Peer, signal: AbortSignal): Promise<HostConnection> {
    const libp2p = this.#libp2p;
    assert(libp2p !== undefined, 'only a started network dials');
    const addresses = peer.addresses.map((text) => {
      const address = multiaddr(text);
      const named = address.getComponents().some((component) => component.name === 'p2p');
      return named ? address : address.encapsulate(`/p2p/${peer.peer}`);
    });
    return this.#wrap(await libp2p.dial(addresses, { signal }));
  }

  forget(peer: string): void {
    // The library notes each peer it has met; ids are free to make, so its notes must not outlive the connection.
    void this.#libp2p?.peerStore.delete(peerIdFromString(peer)).catch(() => undefined);
  }

  #wrap(connection: Connection): HostConnection {
    const known = this.#connections.get(connection);
    if (known) return known;
    const received = this.#receivedBytes.get(connection.timeline);
    const wrapped: HostConnection = {
      peer: connection.remotePeer.toString(),
      get open() {
        return connection.status === 'open';
      },
      get receivedBytes() {
        return received?.() ?? 0;
      },
      newStream: async (protocol, signal) => {
        const stream = await connection.newStream(protocol, signal ? { signal } : {});
        if (protocol === BULK_PROTOCOL) widenWindow(stream);
        else spareWindowUpdates(stream);
        return stream;
      },
      abort: (error) => connection.abort(error),
    };
    this.#connections.set(connection, wrapped);
    return wrapped;
  }

  #create(): Promise<Libp2p> {
    const { transportSeed, listen, announce } = this.#options;
    const socketOptions = { noDelay: true, keepAlive: true, highWaterMark: SOCKET_BUFFER_BYTES };
    return createLibp2p({
      start: false,
      privateKey: privateKeyFromRaw(Buffer.concat([transportSeed, publicKeyOfSeed(transportSeed)])),
      logger: silence,
      addresses: { listen: [...listen], ...(announce ? { announce: [...announce] } : {}) },
      transports: [
        tcp({ maxConnections: CONNECTIONS_MAX, dialOpts: socketOptions, listenOpts: socketOptions }),
      ],
      connectionEncrypters: [leanNoise],
      streamMuxers: [
        yamux({
          maxInboundStreams: 2 * PEER_BULK_STREAMS_MAX + 16,
          maxOutboundStreams: CONNECTIONS_MAX,
          maxEarlyStreams: PEER_BULK_STREAMS_MAX + 16,
          streamOptions: {
            initialStreamWindowSize: STREAM_WINDOW_BYTES,
            maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
            maxReadBufferLength: 2 * STREAM_WINDOW_BYTES_MAX,
          },
        }),
      ],
      connectionManager: {
        maxConnections: CONNECTIONS_MAX,
        maxIncomingPendingConnections: HANDSHAKES_MAX,
        inboundConnectionThreshold: INBOUND_PER_SECOND,
        addressSorter: () => 0,
        addressDialTimeout: ADDRESS_DIAL_MS,
        dialTimeout: 3 * ADDRESS_DIAL_MS,
        inboundUpgradeTimeout: HANDSHAKE_MS,
        inboundStreamProtocolNegotiationTimeout: NEGOTIATE_MS,
        outboundStreamProtocolNegotiationTimeout: NEGOTIATE_MS,
        connectionCloseTimeout: STOP_MS,
        reconnectRetries: 0,
        resolvers: {},
      },
      connectionMonitor: { enabled: false },
      connectionGater: {
        // Nobody is refused here, 127.0.0.1 included: who may do what is decided above. These are the two places where
        // the library shows a TCP connection before its handshake.
        denyDialMultiaddr: () => false,
        denyInboundConnection: (connection) => this.#adopt(connection),
        denyOutboundConnection: (_peer, connection) => this.#adopt(connection),
      },
    });
  }

  #adopt(connection: { readonly timeline: object }): boolean {
    const socket = this.#sockets.adopt(connection);
    this.#receivedBytes.set(connection.timeline, () => socket.bytesRead);
    return this.#libp2p === undefined;
  }
}

/** Format. Every Noise message goes behind its length, and the library knows by this kind of error that it is not all there. */
const LENGTH_BYTES = 2;
const incomplete = new RangeError('the length of the next message has not arrived');

/**
 * Noise, but without copying each arriving message once more: the library prepares room for a cipher that decrypts in
 * place, which Node's does not, and every 64 KiB spared also spares garbage collections. Reaches into the object behind
 * the encrypted connection; were that to change, the library's own way would go on working.
 */
function leanNoise(components: Parameters<ReturnType<typeof noise>>[0]): ConnectionEncrypter {
  const inner = noise({ crypto: { ...defaultCrypto, chaCha20Poly1305Encrypt, chaCha20Poly1305Decrypt } })(
    components,
  );
  const lean = <Secured extends { connection: object }>(secured: Secured): Secured => {
    const stream = secured.connection as {
      decrypt?: (message: Uint8Array) => unknown;
      handshake?: { decrypt?: (message: Uint8Array) => unknown };
      decoder?: { lengthDecoder?: (data: { readonly length: number }) => number };
    };
    const { handshake, decoder } = stream;
    // After each message the framing looks for the next and is told by an exception that there is none: a made-up one
    // costs more than decrypting the message did.
    const decode = decoder?.lengthDecoder;
    if (decoder !== undefined && decode !== undefined) {
      decoder.lengthDecoder = (data) => {
        if (data.length < LENGTH_BYTES) throw incomplete;
        return decode(data);
      };
    }
    // The framing below has already cut at 65,535 bytes, the most one Noise message has.
    if (stream.decrypt && handshake?.decrypt) stream.decrypt = (message) => handshake.decrypt?.(message);
    return secured;
  };
  return {
    protocol: inner.protocol,
    secureInbound: async (connection, options) => lean(await inner.secureInbound(connection, options)),
    secureOutbound: async (connection, options) => lean(await inner.secureOutbound(connection, options)),
  };
}

/**
 * Raises a stream's receive window above what yamux starts with, by the window update the protocol has for that. The
 * library would do so by itself only where a round trip takes milliseconds, and its option for the first window changes
 * the format. Reaches into the stream; were that to change, windows would grow more slowly.
 */
function widenWindow(stream: object): void {
  const inner = stream as { recvWindow?: number; sendWindowUpdate?: () => void };
  if (inner.recvWindow === undefined || inner.sendWindowUpdate === undefined) return;
  inner.recvWindow = Math.max(inner.recvWindow, STREAM_WINDOW_BYTES_MAX);
  try {
    inner.sendWindowUpdate();
  } catch {
    // Closing already: whoever reads or writes next learns it.
  }
}

/**
 * Grants the sender of small requests and answers its window again when half of it is used, not after every frame: each
 * grant is a message of its own, encrypted, sent and decrypted, and there were as many of them as of all others. Reaches
 * into the stream; were that to change, windows would be granted as the library does.
 */
function spareWindowUpdates(stream: object): void {
  const inner = stream as { recvWindow?: number; recvWindowCapacity?: number; sendWindowUpdate?: () => void };
  const send = inner.sendWindowUpdate;
  if (send === undefined || inner.recvWindow === undefined) return;
  inner.sendWindowUpdate = () => {
    const { recvWindow = 0, recvWindowCapacity = 0 } = inner;
    if (recvWindowCapacity <= recvWindow / 2) send.call(inner);
  };
}

/** The library logs each frame through formatters even when nobody listens; this costs nothing, and prints nothing. */
const silentLog: Logger = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: () => silentLog,
});
const silence: ComponentLogger = { forComponent: () => silentLog };
