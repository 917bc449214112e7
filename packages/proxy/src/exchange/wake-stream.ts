import type { WakeProgress } from '@dproxy/core';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';
import type { RequestHead, ResponseHead } from '../http1/index.ts';
import { EVENT_HEADERS, eventText, HEARTBEAT, type WakeEvent } from '../pages/waiting/event-text.ts';
import { pageState } from '../pages/waiting/page-state.ts';
import type { ResponseSink } from './downstream.ts';

/**
 * Far shorter than what boxes on the way allow a silent connection: who closes a tab over HTTP/1.1 looks half-closed, and is known to
 * be gone by the answer to the next bytes. Until then it counts among those who wait.
 */
const HEARTBEAT_MS = 5_000;

export interface WakeStreamOptions {
  readonly out: ResponseSink;
  readonly head: RequestHead;
  /** Of the group, for people. */
  readonly name: string;
  readonly wheel: DeadlineWheel;
  /** Header lines of the answer as the route's filters let it out; from `EVENT_HEADERS`. */
  readonly headers: string;
  /** The connection may carry another request behind the stream. */
  readonly keepAlive: boolean;
}

/**
 * The news of a group on their way to one waiting page, as server-sent events: `progress` now and whenever there is something new,
 * then `awake` or `failed`, and the end.
 *
 * A client that does not read gets no more than what it has not read: of all that happens meanwhile only the last word is kept. Its
 * connection is cut by the deadline that every client has for reading.
 */
export class WakeStream implements DeadlineOwner {
  readonly #out: ResponseSink;
  readonly #name: string;
  readonly #heartbeat: Deadline;
  #isWritable = true;
  /** What is to be said when the client has read. */
  #waiting: Buffer | undefined;
  #bytes = 0;
  #isEnded = false;

  constructor({ out, head, name, wheel, headers, keepAlive }: WakeStreamOptions) {
    this.#out = out;
    this.#name = name;
    this.#heartbeat = new Deadline(wheel, this);
    const date = `date: ${new Date().toUTCString()}\r\n`;
    const response: ResponseHead = { ...EVENTS_HEAD, passed: headers + date };
    out.sendHead(response, { clientMinorVersion: head.minorVersion, keepAlive, debugBlock: '', rules: undefined });
  }

  /** Of events, as they were given to the client. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param progress undefined: nothing is known yet */
  tell(progress: WakeProgress | undefined): void {
    if (!this.#isEnded) this.#send(eventText('progress', pageState(this.#name, progress)));
  }

  /** The last event, and the end of the answer. Also for a client that does not read: then it is cut in its time. */
  end(event: Exclude<WakeEvent, 'progress'>, progress: WakeProgress | undefined): void {
    if (this.#isEnded) return;
    this.#waiting = undefined;
    this.#write(eventText(event, pageState(this.#name, progress)));
    this.close();
  }

  /** The end without a word: the page asks again, another worker. */
  close(): void {
    if (this.#isEnded) return;
    this.drop();
    this.#out.sendEnd('');
  }

  /** The client is gone. */
  drop(): void {
    this.#isEnded = true;
    this.#waiting = undefined;
    this.#heartbeat.dispose();
  }

  onDownstreamDrain(): void {
    if (this.#isEnded) return;
    this.#isWritable = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#send(waiting);
  }

  onDeadline(): void {
    this.#send(HEARTBEAT);
  }

  #send(event: Buffer): void {
    this.#heartbeat.set(HEARTBEAT_MS);
    if (this.#isWritable) this.#write(event);
    else if (event !== HEARTBEAT) this.#waiting = event;
  }

  #write(event: Buffer): void {
    this.#bytes += event.length;
    this.#out.sendBody(event, 0, event.length);
    this.#isWritable = this.#out.flush();
  }
}

/** Its end shows by the end of the connection, or by chunks where the client knows them. */
const EVENTS_HEAD: ResponseHead = {
  status: 200,
  reason: 'OK',
  minorVersion: 1,
  framing: 'close',
  contentLength: 0,
  keepAlive: true,
  keepAliveTimeoutMs: 0,
  upgrade: '',
  passed: EVENT_HEADERS,
  statedLength: -1,
  byteLength: 0,
};
