import type { Socket } from 'node:net';
import { ProxyError } from '@dproxy/core';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';
import type { Endpoints } from '../downstream/peer.ts';
import { parseProxyHeader } from './proxy-header.ts';

/**
 *     proxy-header --header complete--> first-byte --a byte--> done
 *
 * Each step is there only when the listener asks for it.
 */
type State = 'proxy-header' | 'first-byte' | 'done';

export interface PreambleOptions {
  readonly wheel: DeadlineWheel;
  readonly needsProxyHeader: boolean;
  readonly needsFirstByte: boolean;
  readonly timeoutMs: number;
  /**
   * The socket is paused; all that has arrived behind the header is pushed back.
   *
   * @param endpoints as the header says; undefined: those of the connection
   */
  readonly onDone: (endpoints: Endpoints | undefined, firstByte: number) => void;
  readonly onFailed: (error: ProxyError) => void;
}

/** What must be read of a connection before it is known how to speak with it. */
export class Preamble implements DeadlineOwner {
  readonly #socket: Socket;
  readonly #options: PreambleOptions;
  readonly #deadline: Deadline;
  #state: State;
  #bytes: Buffer = Buffer.alloc(0);
  #endpoints: Endpoints | undefined;

  /** @param socket has its error listener already (wildduck PR 1158: a reset inside the header crashed the process) */
  static begin(socket: Socket, options: PreambleOptions): Preamble {
    return new Preamble(socket, options);
  }

  private constructor(socket: Socket, options: PreambleOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#state = options.needsProxyHeader ? 'proxy-header' : 'first-byte';
    this.#deadline = new Deadline(options.wheel, this);
    this.#deadline.set(options.timeoutMs);
    socket.on('data', this.#onData);
    socket.once('end', this.#onEnd);
    socket.once('close', this.#onEnd);
  }

  onDeadline(): void {
    this.#fail('it did not come in time');
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    try {
      if (this.#state === 'proxy-header' && !this.#readHeader()) return;
    } catch (error) {
      this.#stop();
      this.#options.onFailed(error instanceof ProxyError ? error : new ProxyError('internal', '', { cause: error }));
      return;
    }
    if (this.#options.needsFirstByte && this.#bytes.length === 0) return;
    this.#stop();
    this.#socket.pause();
    const first = this.#bytes[0] ?? 0;
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes);
    this.#options.onDone(this.#endpoints, first);
  };

  readonly #onEnd = (): void => {
    this.#fail('the connection ended');
  };

  #readHeader(): boolean {
    const header = parseProxyHeader(this.#bytes);
    if (header === undefined) return false;
    this.#endpoints = header.endpoints;
    this.#bytes = this.#bytes.subarray(header.byteLength);
    this.#state = 'first-byte';
    return true;
  }

  #fail(detail: string): void {
    if (this.#state === 'done') return;
    const wasHeader = this.#state === 'proxy-header';
    this.#stop();
    this.#options.onFailed(new ProxyError(wasHeader ? 'proxy-header-invalid' : 'client-gone', detail));
  }

  #stop(): void {
    this.#state = 'done';
    this.#deadline.dispose();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
  }
}
