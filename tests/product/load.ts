// Clients that never stop asking, and count what they lose: a request that was sent, or a connection that was asked for,
// without a whole answer.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

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
    const { port, style } = this.#options;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // Told by `close`, below; without a listener it would end the process.
    let reason = 'closed';
    socket.on('error', (error) => (reason = error.message));
    const closed = once(socket, 'close').then(() => undefined);
    try {
      const isOpen = await Promise.race([
        once(socket, 'connect').then(
          () => true,
          () => false,
        ),
        closed,
      ]);
      if (isOpen !== true) return `connect: ${reason}`;
      for (;;) {
        this.#sent += 1;
        const answer = await Promise.race([this.#ask(socket), closed]);
        if (answer === undefined) return `request: ${reason}`;
        this.#answered += 1;
        this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1);
        if (style === 'close' || answer.isLast || this.#isOver) return '';
      }
    } finally {
      socket.destroy();
    }
  }

  async #ask(socket: Socket): Promise<{ status: number; isLast: boolean }> {
    const { name, path = '/', style } = this.#options;
    const connection = style === 'close' ? 'Connection: close\r\n' : '';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\n${connection}\r\n`);
    let text = '';
    for (;;) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) continue;
      const head = text.slice(0, end).toLowerCase();
      const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1]);
      if (!Number.isInteger(length)) throw new Error(`an answer without a length:\n${head}`);
      if (text.length < end + 4 + length) continue;
      return { status: Number(head.slice(9, 12)), isLast: head.includes('\r\nconnection: close') };
    }
  }
}
