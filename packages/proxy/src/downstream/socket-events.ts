import type { Duplex } from 'node:stream';

/** What happens on a client's socket. */
export interface SocketEvents {
  onData(chunk: Buffer): void;
  /** The client will send no more. */
  onEnd(): void;
  onDrain(): void;
  onClose(): void;
  /** One of these threw: it ends one connection, not the worker (threats: row 54). */
  onThrown(error: unknown): void;
}

/** Every callback of the socket is the boundary of its connection: nothing that is thrown inside gets past it. */
export function listenTo(socket: Duplex, events: SocketEvents): void {
  // For life: a reset may come at any moment, and `close` says all that there is to know.
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    try {
      events.onData(chunk);
    } catch (error) {
      events.onThrown(error);
    }
  });
  socket.on('end', () => guard(events, () => events.onEnd()));
  socket.on('drain', () => guard(events, () => events.onDrain()));
  socket.on('close', () => guard(events, () => events.onClose()));
}

export function guard(events: Pick<SocketEvents, 'onThrown'>, step: () => void): void {
  try {
    step();
  } catch (error) {
    events.onThrown(error);
  }
}
