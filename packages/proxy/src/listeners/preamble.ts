import type { Socket } from 'node:net';
import { ProxyError } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';
import { parseProxyHeader, type ProxyHeader } from './proxy-header.ts';

export interface PreambleOptions {
  readonly wheel: DeadlineWheel;
  readonly timeoutMs: number;
  /**
   * The socket is paused; all that has arrived behind the header is pushed back.
   *
   * @param endpoints as the header says; undefined: those of the connection
   */
  readonly onDone: (endpoints: Endpoints | undefined) => void;
  readonly onFailed: (error: ProxyError) => void;
}

/** The PROXY protocol header that comes before everything else of a connection. */
export class Preamble implements DeadlineOwner {
  readonly #socket: Socket;
  readonly #options: PreambleOptions;
  readonly #deadline: Deadline;
  #isOver = false;
  #bytes: Buffer = Buffer.alloc(0);

  /** @param socket has its error listener already (wildduck PR 1158: a reset inside the header crashed the process) */
  static begin(socket: Socket, options: PreambleOptions): Preamble {
    return new Preamble(socket, options);
  }

  private constructor(socket: Socket, options: PreambleOptions) {
    this.#socket = socket;
    this.#options = options;
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
    let header: ProxyHeader | undefined;
    try {
      header = parseProxyHeader(this.#bytes);
    } catch (error) {
      this.#stop();
      this.#options.onFailed(error instanceof ProxyError ? error : new ProxyError('internal', '', { cause: error }));
      return;
    }
    if (header === undefined) return;
    this.#stop();
    this.#socket.pause();
    const rest = this.#bytes.subarray(header.byteLength);
    if (rest.length > 0) this.#socket.unshift(rest);
    this.#options.onDone(header.endpoints);
  };

  readonly #onEnd = (): void => {
    this.#fail('the connection ended');
  };

  #fail(detail: string): void {
    if (this.#isOver) return;
    this.#stop();
    this.#options.onFailed(new ProxyError('proxy-header-invalid', detail));
  }

  #stop(): void {
    this.#isOver = true;
    this.#deadline.dispose();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
  }
}
