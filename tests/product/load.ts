// Clients that never stop asking, and count what they lose: a request that was sent, or a connection that was asked for,
// without a whole answer.
import { connect } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly name: string;
  readonly clients: number;
  /** `close`: one request per connection. `keep-alive`: as many as the proxy allows. */
  readonly style: 'close' | 'keep-alive';
  readonly path?: string;
}

export interface Counted {
  readonly sent: number;
  readonly answered: number;
  /** What went wrong, in the order in which it did. */
  readonly lost: readonly string[];
  /** Status -> how often. */
  readonly statuses: ReadonlyMap<number, number>;
}

export class Load implements Disposable {
  readonly #options: LoadOptions;
  readonly #running: Promise<void>[];
  readonly #statuses = new Map<number, number>();
  readonly #lost: string[] = [];
  #sent = 0;
  #answered = 0;
  #isOver = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#running = Array.from({ length: options.clients }, () => this.#client());
  }

  get answered(): number {
    return this.#answered;
  }

  get counted(): Counted {
    return { sent: this.#sent, answered: this.#answered, lost: this.#lost, statuses: this.#statuses };
  }

  /** Lets every client finish its request. */
  async end(): Promise<Counted> {
    this.#isOver = true;
    await Promise.all(this.#running);
    return this.counted;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  async #client(): Promise<void> {
    while (!this.#isOver) {
      const problem = await this.#connection();
      if (problem !== '') this.#lost.push(problem);
    }
  }

  /** As many requests as this connection carries; gives what was lost on it, or nothing. */
  async #connection(): Promise<string> {
    const { port, name, path = '/', style } = this.#options;
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let text = '';
    let reason = 'closed';
    const ask = (): void => {
      this.#sent += 1;
      text = '';
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\n${style === 'close' ? 'Connection: close\r\n' : ''}\r\n`);
    };
    socket.on('connect', ask);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const answer = readAnswer(text);
      if (answer === undefined) return;
      this.#answered += 1;
      this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1);
      if (style === 'keep-alive' && !answer.isLast && !this.#isOver) ask();
      else resolve('');
    });
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => resolve(`${reason} after ${JSON.stringify(text.slice(0, 80))}`));
    const problem = await promise;
    socket.destroy();
    return problem;
  }
}

/** Undefined: not whole yet. */
function readAnswer(text: string): { readonly status: number; readonly isLast: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1]);
  if (text.length !== end + 4 + length) return undefined;
  return { status: Number(head.slice(9, 12)), isLast: head.includes('\r\nconnection: close') };
}
