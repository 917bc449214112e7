import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';

export interface TlsHandshakeOptions {
  readonly wheel: DeadlineWheel;
  readonly timeoutMs: number;
  /** Waiting data before a write asks to wait, in bytes. */
  readonly bufferBytes: number;
  /** For clients that send no name. */
  readonly defaultContext: SecureContext | undefined;
  /** @param name lower case, without trailing dot. @returns undefined: nobody here has that name */
  readonly contextFor: (name: string) => SecureContext | undefined;
  /** In the order of our preference. `h2` and `acme-tls/1` join here. */
  readonly protocols: readonly string[];
  readonly onDone: (socket: TLSSocket) => void;
  /** The sockets are destroyed already. */
  readonly onFailed: (error: Error) => void;
}

/** Record of type alert, level fatal, `unrecognized_name` (RFC 6066 section 3); before the ServerHello it is in clear. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);

/** The TLS handshake of one client. */
export class TlsHandshake implements DeadlineOwner {
  readonly #raw: Socket;
  readonly #socket: TLSSocket;
  readonly #options: TlsHandshakeOptions;
  readonly #deadline: Deadline;
  #isOver = false;

  static begin(raw: Socket, options: TlsHandshakeOptions): TlsHandshake {
    return new TlsHandshake(raw, options);
  }

  private constructor(raw: Socket, options: TlsHandshakeOptions) {
    this.#raw = raw;
    this.#options = options;
    this.#deadline = new Deadline(options.wheel, this);
    this.#deadline.set(options.timeoutMs);
    const { defaultContext } = options;
    this.#socket = new TLSSocket(raw, {
      isServer: true,
      ...buffered(options.bufferBytes),
      ALPNProtocols: [...options.protocols],
      SNICallback: (name, done) => this.#onServerName(name, done),
      ...(defaultContext === undefined ? {} : { secureContext: defaultContext }),
    });
    // For life: it outlives the handshake.
    this.#socket.on('error', this.#onError);
    this.#socket.once('secure', this.#onSecure);
    this.#socket.once('close', this.#onClose);
    // The socket stays half open (`allowHalfOpen`), so a client that goes in the middle closes nothing by itself.
    this.#socket.once('end', this.#onClose);
  }

  onDeadline(): void {
    this.#fail(new Error('the handshake took too long'));
  }

  /** Never throws and calls back once: an exception here ends the process (CVE-2026-21637). */
  #onServerName(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    let context: SecureContext | undefined;
    try {
      const lower = name.toLowerCase();
      context = this.#options.contextFor(lower.endsWith('.') ? lower.slice(0, -1) : lower);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (context !== undefined) {
      done(null, context);
      return;
    }
    // Node would close without a word; the client's user should see what is wrong.
    this.#raw.write(UNRECOGNIZED_NAME);
    done(new Error('unrecognized_name'));
  }

  readonly #onSecure = (): void => {
    if (this.#isOver) return;
    this.#stop();
    this.#options.onDone(this.#socket);
  };

  readonly #onError = (error: Error): void => {
    this.#fail(error);
  };

  readonly #onClose = (): void => {
    this.#fail(new Error('the client closed the connection'));
  };

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#stop();
    this.#socket.destroy();
    this.#raw.destroySoon();
    this.#options.onFailed(error);
  }

  #stop(): void {
    this.#isOver = true;
    this.#deadline.dispose();
    this.#socket.off('close', this.#onClose);
    this.#socket.off('end', this.#onClose);
  }
}

/** Every socket of Node takes it; the types of this one do not know. */
function buffered(highWaterMark: number): object {
  return { highWaterMark };
}
