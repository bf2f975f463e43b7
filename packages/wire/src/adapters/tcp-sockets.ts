// The TCP sockets under the connections: counted, and written to in one system call per turn of the event loop. Reaches
// for the `socket` of libp2p's TCP connection, which its type does not show; a test fails when it moves.

import type { Socket } from 'node:net';
import { assert } from '@vauban/core';

export class TcpSockets {
  readonly #open = new Set<Socket>();
  #sentBytes = 0;
  #receivedBytes = 0;

  /** Bytes given to sockets (some may still be queued in them) and taken from them, handshakes and encryption included. */
  get traffic(): { readonly sentBytes: number; readonly receivedBytes: number } {
    let sentBytes = this.#sentBytes;
    let receivedBytes = this.#receivedBytes;
    for (const socket of this.#open) {
      sentBytes += socket.bytesWritten;
      receivedBytes += socket.bytesRead;
    }
    return { sentBytes, receivedBytes };
  }

  /** Takes over a connection's socket, before its handshake. */
  adopt(connection: object): Socket {
    const { socket } = connection as { socket?: Socket };
    assert(socket !== undefined, 'a TCP connection without a socket: the transport has changed');
    this.#open.add(socket);
    socket.once('close', () => {
      if (!this.#open.delete(socket)) return;
      this.#sentBytes += socket.bytesWritten;
      this.#receivedBytes += socket.bytesRead;
    });
    corkByTurn(socket);
    return socket;
  }

  /** Cuts every socket still open. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/**
 * The encryption writes each of its messages in three or four parts (length, header, ciphertext, tag), and sockets run
 * without Nagle's delay, so each part would be a packet. Corking until the end of the turn makes them one `writev`, and
 * joins the frames of all requests answered in that turn.
 */
function corkByTurn(socket: Socket): void {
  const write = socket.write.bind(socket) as (...parts: unknown[]) => boolean;
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  const writeCorked = (...parts: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(...parts);
  };
  socket.write = writeCorked;
}
