import { Http1Client, type Answer, type Target } from './http1-client.ts';
import { ANSWERED, APART, type Closed, type Outcome, type RequestKind } from './tally.ts';

export interface Http1Options {
  readonly name: string;
  readonly perSecond: number;
  readonly target: Target;
  /** True: connections are kept, as many as there are requests under way. False: each request has its own. */
  readonly isKept: boolean;
  /** Given the number of a request, what is asked for. Default: `GET` of something that takes three milliseconds. */
  readonly post?: (number: number) => { readonly path: string; readonly body: string };
}

/** Requests of HTTP/1.1. */
export class Http1Requests implements RequestKind {
  readonly name: string;
  readonly perSecond: number;
  readonly closed: Closed[] = [];
  readonly #options: Http1Options;
  /** First in, first out: each connection is used again soon. */
  readonly #idle: Http1Client[] = [];
  #count = 0;

  constructor(options: Http1Options) {
    this.name = options.name;
    this.perSecond = options.perSecond;
    this.#options = options;
  }

  async ask(): Promise<Outcome> {
    const { isKept, target, post } = this.#options;
    const client = this.#idle.shift() ?? new Http1Client(target, (idle, reason) => this.#onIdleEnd(idle, reason));
    const isReused = client.asked > 0;
    const answer = await client.ask(this.#next());
    // An answer that is the last one says so: what closes without that is in #onIdleEnd.
    if (isKept && answer.status !== 0 && !answer.isLast) this.#idle.push(client);
    else client.destroy();
    return outcomeOf(answer, { isPost: post !== undefined, isReused });
  }

  [Symbol.dispose](): void {
    for (const client of this.#idle.splice(0)) client.destroy();
  }

  #next(): string {
    const { isKept, target, post } = this.#options;
    this.#count += 1;
    const head = `Host: ${target.host}\r\n${isKept ? '' : 'Connection: close\r\n'}`;
    if (post === undefined) return `GET /slow?ms=3 HTTP/1.1\r\n${head}\r\n`;
    const { path, body } = post(this.#count);
    return `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  }

  #onIdleEnd(client: Http1Client, reason: string): void {
    const place = this.#idle.indexOf(client);
    if (place !== -1) this.#idle.splice(place, 1);
    this.closed.push({ kind: this.name, atMs: performance.now(), what: `an idle connection: ${reason}` });
  }
}

function outcomeOf({ status, text }: Answer, how: { readonly isPost: boolean; readonly isReused: boolean }): Outcome {
  if (status === 200) return ANSWERED;
  // Its backend took it and broke off: it may have been done, so nobody may send it again.
  if (how.isPost && status === 502) return APART;
  return { end: 'lost', what: `${how.isReused ? 'kept' : 'new'} connection: ${text}` };
}
