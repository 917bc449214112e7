// The clients of load.ts over HTTP/2: several requests at a time on each connection, a new connection when GOAWAY has come.
import { Http2Client, readHttp2Response } from '@dproxy/testkit';
import type { Counted } from './load.ts';

export interface Http2LoadOptions {
  readonly port: number;
  readonly name: string;
  readonly ca: string | Buffer;
  readonly clients: number;
  /** Requests at a time on one connection. */
  readonly streams: number;
}

export class Http2Load implements Disposable {
  readonly #options: Http2LoadOptions;
  readonly #running: Promise<void>[];
  readonly #statuses = new Map<number, number>();
  readonly #lost: string[] = [];
  #sent = 0;
  #answered = 0;
  #unprocessed = 0;
  #connections = 0;
  #isOver = false;

  constructor(options: Http2LoadOptions) {
    this.#options = options;
    this.#running = Array.from({ length: options.clients }, () => this.#client());
  }

  get answered(): number {
    return this.#answered;
  }

  /** Connections that were opened, all in all. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that came to nobody, as GOAWAY said: they were sent again (RFC 9113 section 6.8). */
  get unprocessed(): number {
    return this.#unprocessed;
  }

  /** Lets every client finish its requests. `sent` counts a request once, however often it had to be sent. */
  async end(): Promise<Counted> {
    this.#isOver = true;
    await Promise.all(this.#running);
    return { sent: this.#sent, answered: this.#answered, lost: this.#lost, statuses: this.#statuses };
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  async #client(): Promise<void> {
    const { port, name, ca, streams } = this.#options;
    while (!this.#isOver) {
      try {
        using client = await Http2Client.connect({ port, authority: name, tls: { ca } });
        this.#connections++;
        await Promise.all(Array.from({ length: streams }, () => this.#ask(client)));
      } catch (error) {
        this.#lost.push(`no connection: ${String(error)}`);
      }
    }
  }

  /** One request after the other, until the connection takes no more. */
  async #ask(client: Http2Client): Promise<void> {
    while (!this.#isOver && !client.session.closed && !client.session.destroyed) {
      this.#sent++;
      const stream = client.open();
      try {
        const { status } = await readHttp2Response(stream);
        this.#answered++;
        this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      } catch (error) {
        const last = client.goaways.at(-1)?.lastStreamId ?? Number.POSITIVE_INFINITY;
        // Its turn comes again on the next connection.
        this.#sent--;
        if ((stream.id ?? Number.POSITIVE_INFINITY) > last) this.#unprocessed++;
        else this.#lost.push(`stream ${stream.id} of ${last}: ${String(error)}`);
      }
    }
  }
}
