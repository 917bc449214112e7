import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PATIENCE_MS } from './tally.ts';

export interface Target {
  readonly port: number;
  readonly host: string;
  /** Certificate of the authority that signs for the host; absent: plain HTTP. */
  readonly ca?: string;
  /** How many addresses of this machine the connections come from, in turn; default 1. */
  readonly clients?: number;
}

export interface Answer {
  /** 0: there was no whole answer. */
  readonly status: number;
  readonly isLast: boolean;
  /** The first line of what came. */
  readonly text: string;
}

let connections = 0;

/** One connection, with one request at a time. */
export class Http1Client {
  readonly #socket: Socket;
  readonly #onIdleEnd: (client: Http1Client, reason: string) => void;
  asked = 0;
  #text = '';
  #done: ((answer: Answer) => void) | undefined;
  #end = '';

  /** @param onIdleEnd the other side closed it while nothing was asked */
  constructor({ port, host, ca, clients = 1 }: Target, onIdleEnd: (client: Http1Client, reason: string) => void) {
    this.#onIdleEnd = onIdleEnd;
    const to = { port, host: '127.0.0.1', localAddress: `127.0.0.${1 + (connections++ % clients)}`, noDelay: true };
    this.#socket =
      ca === undefined ? connect(to) : connectTls({ ...to, servername: host, ca, ALPNProtocols: ['http/1.1'] });
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk.toString('latin1')));
    this.#socket.on('error', (error) => (this.#end = error.message));
    this.#socket.on('timeout', () => this.#socket.destroy(new Error('silence')));
    this.#socket.on('close', () => this.#onClose(this.#end === '' ? 'closed' : this.#end));
  }

  ask(request: string): Promise<Answer> {
    this.asked += 1;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#text = '';
    this.#done = resolve;
    this.#socket.setTimeout(PATIENCE_MS);
    this.#socket.write(request);
    return promise;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  destroy(): void {
    this.#done = undefined;
    this.#socket.removeAllListeners('close').destroy();
  }

  #onData(text: string): void {
    this.#text += text;
    const answer = readAnswer(this.#text);
    if (answer !== undefined) this.#settle(answer);
  }

  #onClose(reason: string): void {
    if (this.#done === undefined) this.#onIdleEnd(this, reason);
    else this.#settle({ status: 0, isLast: true, text: `${reason} after ${firstLine(this.#text)}` });
  }

  #settle(answer: Answer): void {
    this.#socket.setTimeout(0);
    this.#done?.(answer);
    this.#done = undefined;
  }
}

/** Undefined: not whole yet. */
function readAnswer(text: string): Answer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1]);
  if (text.length !== end + 4 + length) return undefined;
  return { status: Number(head.slice(9, 12)), isLast: head.includes('\r\nconnection: close'), text: firstLine(text) };
}

function firstLine(text: string): string {
  return JSON.stringify(text.slice(0, text.indexOf('\r\n') === -1 ? 80 : text.indexOf('\r\n')));
}
