// Clients that ask at a fixed rate, whatever becomes of their requests, and count every one: a load that waited for answers
// would send the least while the most is lost. One request in two has a connection of its own, the others share connections
// that are kept alive, as many as there are requests under way.
import { connect, type Socket } from 'node:net';

export interface OpenLoadOptions {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly perSecond: number;
}

export interface Tally {
  readonly sent: number;
  /** Whole answers with the status 200. */
  readonly answered: number;
  /** One line for each request that has no such answer. */
  readonly lost: readonly string[];
  readonly slowestMs: number;
}

/** Longer than dproxy waits for anything that these requests need. */
const PATIENCE_MS = 20_000;

export class OpenLoad implements Disposable {
  readonly #options: OpenLoadOptions;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #idle: Client[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #lost: string[] = [];
  #sent = 0;
  #answered = 0;
  #slowestMs = 0;

  constructor(options: OpenLoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#catchUp(), 2);
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sends no more, and waits for what is under way. */
  async end(): Promise<Tally> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this[Symbol.dispose]();
    return { sent: this.#sent, answered: this.#answered, lost: this.#lost, slowestMs: Math.round(this.#slowestMs) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const client of this.#idle.splice(0)) client.destroy();
  }

  #catchUp(): void {
    const due = ((performance.now() - this.#startedMs) / 1_000) * this.#options.perSecond;
    while (this.#sent < due) {
      const request = this.#request(this.#sent % 2 === 0).finally(() => this.#underWay.delete(request));
      this.#underWay.add(request);
      this.#sent += 1;
    }
  }

  async #request(isKept: boolean): Promise<void> {
    const { port, host, path } = this.#options;
    const startedMs = performance.now();
    const idle = isKept ? this.#idle.pop() : undefined;
    const client = idle ?? new Client(port);
    const connection = isKept ? '' : 'Connection: close\r\n';
    const answer = await client.ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${connection}\r\n`);
    const tookMs = performance.now() - startedMs;
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (answer.status === 200) this.#answered += 1;
    else this.#lost.push(`${idle === undefined ? 'new' : 'kept'} connection, ${Math.round(tookMs)} ms: ${answer.text}`);
    if (isKept && answer.status === 200 && !answer.isLast) this.#idle.push(client);
    else client.destroy();
  }
}

interface Answer {
  /** 0: there was no whole answer. */
  readonly status: number;
  readonly isLast: boolean;
  readonly text: string;
}

/** One connection, with one request at a time. */
class Client {
  readonly #socket: Socket;
  #text = '';
  #done: (answer: Answer) => void = () => undefined;
  #end = '';

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#onData(chunk.toString('latin1')));
    this.#socket.on('error', (error) => (this.#end = error.message));
    this.#socket.on('timeout', () => this.#fail('silence'));
    this.#socket.on('close', () => this.#fail(this.#end === '' ? 'closed' : this.#end));
  }

  ask(request: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#text = '';
    this.#done = resolve;
    // An idle connection that was closed loses the next request, which counts.
    if (this.#socket.destroyed) this.#fail('closed while idle');
    this.#socket.setTimeout(PATIENCE_MS);
    this.#socket.write(request);
    return promise;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#text += text;
    const answer = readAnswer(this.#text);
    if (answer !== undefined) this.#done(answer);
  }

  #fail(reason: string): void {
    this.#done({ status: 0, isLast: true, text: `${reason} after ${firstLine(this.#text)}` });
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
