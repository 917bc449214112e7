import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline } from '../deadline-wheel.ts';
import type { Services } from '../services.ts';
import type { TunnelClient } from '../tunnel/tunnel.ts';

/** How long a client may take for the last bytes of a tunnel. */
const FLUSH_MS = 30_000;

/** A client's socket (TCP, TLS or in memory), with its bytes counted and its reading switched on and off in one place. */
export class ClientSocket implements TunnelClient {
  readonly #socket: Duplex;
  readonly #services: Pick<Services, 'counters' | 'wheel'>;
  #isPaused = false;
  /** Some of what waits may be a caller's buffer; text is copied at once. */
  #hasBytes = false;

  constructor(socket: Duplex, services: Pick<Services, 'counters' | 'wheel'>) {
    this.#socket = socket;
    this.#services = services;
  }

  /**
   * Over TLS every write waits a moment, and a reader that took that for a loan would make 64 KiB of new memory for each small
   * response: a fifth of all CPU time.
   */
  get holdsBytes(): boolean {
    this.#hasBytes &&= this.#socket.writableLength > 0;
    return this.#hasBytes;
  }

  get needsDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  writeText(latin1: string): boolean {
    this.#services.counters.bytesOut += latin1.length;
    return this.#socket.write(latin1, 'latin1');
  }

  writeBytes(bytes: Buffer): boolean {
    this.#services.counters.bytesOut += bytes.length;
    this.#hasBytes = true;
    return this.#socket.write(bytes);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Probes a client that may be silent for an hour. */
  keepProbing(): void {
    if (this.#socket instanceof Socket) this.#socket.setKeepAlive(true, 60_000);
  }

  end(onFlushed?: () => void): void {
    this.#socket.end(onFlushed);
  }

  /** Ends it when what was written is out, or after a while. */
  destroySoon(): void {
    const socket = this.#socket;
    const deadline = new Deadline(this.#services.wheel, { onDeadline: () => void socket.destroy() });
    deadline.set(FLUSH_MS);
    socket.once('close', () => deadline.dispose());
    socket.end(() => socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** So that the client cannot take it for a proper end. TLS needs no reset: the missing close_notify says it. */
  reset(): void {
    if (this.#socket instanceof Socket && !('encrypted' in this.#socket)) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}
