import type { ClientSocket } from './client-socket.ts';
import type { ClientView } from './client-view.ts';
import type { Patience } from './patience.ts';

/**
 * The writing side of a connection: what goes to the client, and how long it may take to read it.
 *
 * A client that has ended its side may only have finished sending, or be gone: both look the same. Whoever is gone answers
 * the next bytes with a reset; so the half-closed client is waited for, and every byte for it gives it that time anew
 * (docs/adr/0003-half-closed-clients.md).
 */
export class ResponseOutlet {
  readonly #socket: ClientSocket;
  readonly #patience: Patience;
  readonly #view: ClientView;
  #isHalfClosed = false;

  constructor(socket: ClientSocket, patience: Patience, view: ClientView) {
    this.#socket = socket;
    this.#patience = patience;
    this.#view = view;
  }

  get isHalfClosed(): boolean {
    return this.#isHalfClosed;
  }

  get holdsBytes(): boolean {
    return this.#socket.holdsBytes;
  }

  writeText(latin1: string): boolean {
    if (this.#isHalfClosed) this.#waitForSign();
    return this.#socket.writeText(latin1) || this.waitForReader();
  }

  writeBytes(bytes: Buffer): boolean {
    if (this.#isHalfClosed) this.#waitForSign();
    return this.#socket.writeBytes(bytes) || this.waitForReader();
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** A request has been read whole or in part: from now on its response is waited for, by us or by the client. */
  onRequest(): void {
    this.#patience.clear();
    if (this.#isHalfClosed) this.#waitForSign();
  }

  /** The client has ended its side. */
  onEnd(): void {
    this.#isHalfClosed = true;
  }

  /** The client has ended its side while its request is served. */
  onEndOfRequests(): void {
    this.#isHalfClosed = true;
    this.#waitForSign();
  }

  /** What was written has left. */
  onDrain(): void {
    this.#patience.clear('stall');
    if (this.#isHalfClosed) this.#waitForSign();
  }

  /** @returns false, for the writer: it should pause */
  waitForReader(): false {
    this.#patience.expect('stall', this.#view.limits.writeStallMs);
    return false;
  }

  /** Not while it has something to read: that is a sign, too. */
  #waitForSign(): void {
    if (!this.#patience.isFor('stall')) this.#patience.expect('half-closed', this.#view.limits.halfClosedMs);
  }
}
