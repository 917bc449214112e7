import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { readHttp2Response } from '@dproxy/testkit';
import type { Target } from './http1-client.ts';
import { ANSWERED, type Closed, type Outcome, type RequestKind } from './tally.ts';

export interface Http2Options {
  readonly name: string;
  readonly perSecond: number;
  readonly target: Target & { readonly ca: string };
  /** Connections, each with as many streams as there are requests under way. */
  readonly sessions: number;
}

interface Session {
  readonly session: ClientHttp2Session;
  /** Of the last GOAWAY: what comes after it was not processed. */
  lastStreamId: number;
  hasSaidGoodbye: boolean;
}

/** How often one request may be sent to somebody who did not process it. */
const MAX_SENDS = 4;

/** Requests of HTTP/2, over TLS. */
export class Http2Requests implements RequestKind {
  readonly name: string;
  readonly perSecond: number;
  readonly closed: Closed[] = [];
  readonly #options: Http2Options;
  readonly #sessions: (Session | undefined)[];
  #count = 0;

  constructor(options: Http2Options) {
    this.name = options.name;
    this.perSecond = options.perSecond;
    this.#options = options;
    this.#sessions = Array.from({ length: options.sessions });
  }

  async ask(): Promise<Outcome> {
    let what = '';
    for (let send = 0; send < MAX_SENDS; send++) {
      const outcome = await this.#send();
      if (outcome.end !== 'lost' || !outcome.what.startsWith('unprocessed')) return outcome;
      what = outcome.what;
    }
    return { end: 'lost', what: `${MAX_SENDS} times ${what}` };
  }

  [Symbol.dispose](): void {
    for (const one of this.#sessions.splice(0)) one?.session.removeAllListeners('close').destroy();
  }

  /** What a server says that it did not process is sent again, as every client does (RFC 9113 sections 6.8 and 8.7). */
  async #send(): Promise<Outcome> {
    this.#count += 1;
    const one = this.#session(this.#count % this.#options.sessions);
    const fields = { ':method': 'GET', ':path': '/slow?ms=3', ':authority': this.#options.target.host };
    const stream = one.session.request(fields, { endStream: true });
    let reason = '';
    stream.on('error', (error) => (reason = error.message));
    try {
      const { status } = await readHttp2Response(stream);
      return status === 200 ? ANSWERED : { end: 'lost', what: String(status) };
    } catch (error) {
      const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      if (isRefused || (stream.id ?? 0) > one.lastStreamId) return { end: 'lost', what: `unprocessed: ${reason}` };
      return { end: 'lost', what: `stream ${stream.id} of ${one.lastStreamId}: ${String(error)}, ${reason}` };
    }
  }

  #session(place: number): Session {
    const open = this.#sessions[place];
    if (open !== undefined && !open.session.closed && !open.session.destroyed) return open;
    const { port, host, ca } = this.#options.target;
    const to = { host: '127.0.0.1', port, servername: host, ca };
    const session = connect(`https://${host}:${port}`, to as never);
    const one: Session = { session, lastStreamId: Number.POSITIVE_INFINITY, hasSaidGoodbye: false };
    session.on('goaway', (code, lastStreamId) => {
      one.lastStreamId = Math.min(one.lastStreamId, lastStreamId);
      one.hasSaidGoodbye = code === constants.NGHTTP2_NO_ERROR;
    });
    let reason = 'closed';
    session.on('error', (error: Error) => (reason = error.message));
    session.on('close', () => {
      if (!one.hasSaidGoodbye)
        this.closed.push({ kind: this.name, atMs: performance.now(), what: `a session: ${reason}` });
    });
    this.#sessions[place] = one;
    return one;
  }
}
