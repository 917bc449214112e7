import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { TlsFacts } from '../client/tls-facts.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';
import { type AlertName, alertRecord } from '../tls/alerts.ts';
import { clientCertificateOf } from '../tls/client-certificate.ts';
import type { ClientHello } from '../tls/client-hello.ts';
import { ClientHelloError } from '../tls/client-hello-error.ts';
import { ClientHelloReader } from '../tls/client-hello-reader.ts';
import { ACME_PROTOCOL, type AwaitedCertificate, type TlsChoice } from '../tls/tls-choice.ts';

/**
 *     hello --refused--> over
 *       |  \--wait--> held --a certificate, or none in time--+   (once for each kind)
 *       |                                                    |
 *       +--serve, validate----------------------------> engine --secure--> over
 *       \--pass--> over
 */
type State = 'hello' | 'held' | 'engine' | 'over';

type Served = HandshakeChoice & { readonly type: 'serve' };

/** What is to be done with a ClientHello, by the listener's streams and its HTTP. */
export type HandshakeChoice =
  | Exclude<TlsChoice, { readonly type: 'serve' }>
  | (Extract<TlsChoice, { readonly type: 'serve' }> & {
      /** ALPN, in the order of our preference. */
      readonly protocols: readonly string[];
      /** Where its bytes go; undefined: to HTTP. */
      readonly stream: CompiledStream | undefined;
    })
  /** TLS is between the client and a backend: all bytes go there, the hello first. */
  | { readonly type: 'pass'; readonly stream: CompiledStream };

export type CertificateWait = Extract<TlsChoice, { readonly type: 'wait' }>;

/** What a handshake has waited for already. */
export type TriedWaits = ReadonlySet<AwaitedCertificate>;

export interface TlsHandshakeOptions {
  readonly wheel: DeadlineWheel;
  /** From the first byte of the hello to the end of the handshake; waiting for a certificate does not count. */
  readonly timeoutMs: number;
  /** Waiting data before a write asks to wait, in bytes. */
  readonly bufferBytes: number;
  readonly choose: (hello: ClientHello, tried: TriedWaits) => HandshakeChoice;
  /** @returns what gives up waiting; undefined: it shall not wait */
  readonly wait: (wait: CertificateWait, resume: () => void) => (() => void) | undefined;
  readonly onDone: (socket: TLSSocket, facts: TlsFacts, stream: CompiledStream | undefined) => void;
  /** The socket is paused, what came is pushed back. */
  readonly onPass: (stream: CompiledStream) => void;
  /** Its first byte is none of TLS. The socket is paused, what came is pushed back. */
  readonly onPlain: () => void;
  /** The sockets are destroyed, or will be when the alert is sent. */
  readonly onFailed: (error: Error) => void;
}

const HANDSHAKE_RECORD = 0x16;
const NOTHING_TRIED: TriedWaits = new Set();

/**
 * The TLS handshake of one client. The ClientHello is read before the engine sees it, so that the one right engine gets it
 * from the first byte on: no name is looked up while a handshake runs, a session belongs to the engine it began with, and a
 * name that nobody has costs an alert.
 */
export class TlsHandshake implements DeadlineOwner {
  readonly #raw: Socket;
  readonly #options: TlsHandshakeOptions;
  readonly #deadline: Deadline;
  readonly #reader = new ClientHelloReader();
  #state: State = 'hello';
  #bytes: Buffer[] = [];
  #socket: TLSSocket | undefined;
  #giveUpWaiting: (() => void) | undefined;
  #tried: TriedWaits = NOTHING_TRIED;

  /** @param raw has its error listener already */
  static begin(raw: Socket, options: TlsHandshakeOptions): TlsHandshake {
    return new TlsHandshake(raw, options);
  }

  private constructor(raw: Socket, options: TlsHandshakeOptions) {
    this.#raw = raw;
    this.#options = options;
    this.#deadline = new Deadline(options.wheel, this);
    this.#deadline.set(options.timeoutMs);
    raw.on('data', this.#onData);
    // The socket stays half open (`allowHalfOpen`), so a client that goes in the middle closes nothing by itself.
    raw.once('end', this.#onClose);
    raw.once('close', this.#onClose);
    raw.resume();
  }

  onDeadline(): void {
    this.#fail(new Error('the handshake took too long'));
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes.push(chunk);
    if (this.#state === 'held') {
      // Early data, which nobody has allowed: it waits where it is.
      this.#raw.pause();
      return;
    }
    const first = this.#bytes[0]?.[0];
    if (first !== HANDSHAKE_RECORD) {
      this.#pushBack();
      this.#stop();
      this.#options.onPlain();
      return;
    }
    this.#guard(() => {
      const hello = this.#reader.push(chunk);
      if (hello === undefined) return;
      this.#act(hello, this.#options.choose(hello, this.#tried));
    });
  };

  /** What this end throws costs its own connection (CVE-2026-21637 was a callback of a handshake that threw). */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const alert = error instanceof ClientHelloError ? error.alert : 'internal_error';
      this.#refuse(alert, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #act(hello: ClientHello, choice: HandshakeChoice): void {
    if (choice.type === 'wait') {
      this.#hold(hello, choice);
      return;
    }
    this.#pushBack();
    switch (choice.type) {
      case 'refuse':
        this.#refuse(choice.alert, new Error(`${choice.alert}: ${choice.reason}`));
        return;
      case 'validate':
        this.#start(choice.context, [ACME_PROTOCOL]);
        return;
      case 'serve':
        this.#start(choice.context, choice.protocols, choice);
        return;
      case 'pass':
        this.#stop();
        this.#options.onPass(choice.stream);
        return;
      default:
        choice satisfies never;
    }
  }

  /** The socket is read on: else nobody would hear that the client goes, and it would keep its place. */
  #hold(hello: ClientHello, wait: CertificateWait): void {
    this.#tried = new Set([...this.#tried, wait.until]);
    const goOn = (): void => this.#guard(() => this.#act(hello, this.#options.choose(hello, this.#tried)));
    this.#giveUpWaiting = this.#options.wait(wait, () => {
      this.#deadline.set(this.#options.timeoutMs);
      goOn();
    });
    if (this.#giveUpWaiting === undefined) {
      goOn();
      return;
    }
    this.#state = 'held';
    this.#deadline.clear();
  }

  /** @param served undefined: a validation, which ends with the handshake */
  #start(secureContext: SecureContext, protocols: readonly string[], served?: Served): void {
    this.#state = 'engine';
    const clientCertificates = served?.policy.clientCertificates ?? 'none';
    const socket = new TLSSocket(this.#raw, {
      isServer: true,
      ...buffered(this.#options.bufferBytes),
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      secureContext,
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
    });
    this.#socket = socket;
    // For life: it outlives the handshake.
    socket.on('error', this.#onError);
    socket.once('secure', () => this.#guard(() => this.#onSecure(socket, served)));
    socket.once('close', this.#onClose);
    socket.once('end', this.#onClose);
  }

  #onSecure(socket: TLSSocket, served: Served | undefined): void {
    if (this.#state === 'over') return;
    if (served === undefined) {
      // RFC 8737 section 3: the connection is closed, nothing is served on it.
      this.#stop();
      socket.end(() => socket.destroySoon());
      return;
    }
    const facts = factsOf(socket, served);
    if (served.policy.clientCertificates === 'require' && facts.clientCertificate?.verified !== true) {
      this.#fail(
        new Error(`the client certificate is refused: ${facts.clientCertificate?.problem ?? 'there is none'}`),
      );
      return;
    }
    this.#stop();
    this.#options.onDone(socket, facts, served.stream);
  }

  readonly #onError = (error: Error): void => {
    this.#fail(error);
  };

  readonly #onClose = (): void => {
    this.#fail(new Error('the client closed the connection'));
  };

  /** The engine gets what we have read, as if nobody had. */
  #pushBack(): void {
    this.#raw.off('data', this.#onData);
    this.#raw.off('end', this.#onClose);
    this.#raw.pause();
    const [first = Buffer.alloc(0)] = this.#bytes;
    this.#raw.unshift(this.#bytes.length === 1 ? first : Buffer.concat(this.#bytes));
    this.#bytes = [];
  }

  #refuse(alert: AlertName, error: Error): void {
    if (this.#state === 'over') return;
    if (this.#socket !== undefined) {
      this.#fail(error);
      return;
    }
    this.#stop();
    this.#raw.off('data', this.#onData);
    // Unread bytes would make a reset of the close, which takes the alert with it.
    this.#raw.resume();
    this.#raw.end(alertRecord(alert), () => this.#raw.destroySoon());
    this.#options.onFailed(error);
  }

  #fail(error: Error): void {
    if (this.#state === 'over') return;
    this.#stop();
    this.#socket?.destroy();
    this.#raw.destroySoon();
    this.#options.onFailed(error);
  }

  #stop(): void {
    this.#state = 'over';
    this.#deadline.dispose();
    this.#giveUpWaiting?.();
    this.#raw.off('data', this.#onData);
    this.#raw.off('end', this.#onClose);
    this.#raw.off('close', this.#onClose);
    this.#socket?.off('close', this.#onClose);
    this.#socket?.off('end', this.#onClose);
  }
}

function factsOf(socket: TLSSocket, { policy, serverName }: Served): TlsFacts {
  const isAsked = policy.clientCertificates !== 'none';
  return {
    serverName,
    protocol: socket.getProtocol() === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
    policyId: policy.id,
    demand: policy.demand,
    clientCertificate: isAsked ? clientCertificateOf(socket, Date.now()) : undefined,
  };
}

/** Every socket of Node takes it; the types of this one do not know. */
function buffered(highWaterMark: number): object {
  return { highWaterMark };
}
