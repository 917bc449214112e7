import type { Limits } from '@dproxy/core';
import type { ClientSocket } from './client-socket.ts';
import type { Patience } from './patience.ts';

/**
 * The gentle end of a connection: everything written goes out, then our side ends, then what the client still sends is
 * read and dropped for a moment, because a reset would take our last answer away from it (RFC 9112 section 9.6).
 */
export class LingeringClose {
  readonly #socket: ClientSocket;
  readonly #limits: Limits;
  #droppedBytes = 0;

  private constructor(socket: ClientSocket, limits: Limits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  static begin(socket: ClientSocket, patience: Patience, limits: Limits): LingeringClose {
    patience.expect('stall', limits.writeStallMs);
    socket.end(() => patience.expect('linger', limits.lingerMs));
    socket.resume();
    return new LingeringClose(socket, limits);
  }

  onData(byteLength: number): void {
    this.#droppedBytes += byteLength;
    // Enough was dropped. It is not read on, but not reset either before the client had its moment to read the answer.
    if (this.#droppedBytes > this.#limits.lingerBytes) this.#socket.pause();
  }
}
