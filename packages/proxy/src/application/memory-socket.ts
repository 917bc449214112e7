import { Duplex } from 'node:stream';

/** What the two ends tell about the client, as a `net.Socket` would: plugins ask for `request.ip` and `request.protocol`. */
export interface MemorySocketFacts {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The client speaks TLS. */
  readonly encrypted: boolean;
}

type Callback = (error?: Error | null) => void;

/**
 * One end of a connection that never leaves the process. A write is done when the other end has room, so backpressure
 * passes through; and it is a copy, as with a kernel, because whoever is told that it is done uses that memory again (a
 * backend's next response would be read into it, and this client would get another one's bytes); a FIN passes as `end`; an end that is destroyed without one takes the other with it, as a reset would,
 * but without an `error` event: a worker must not end because nobody listened for a moment.
 */
export class MemorySocket extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly encrypted: boolean;
  #peer: MemorySocket | undefined;
  /** The peer's write that waits until this end is read. */
  #waitingWrite: Callback | undefined;
  #hasSentEnd = false;

  private constructor(facts: MemorySocketFacts) {
    super({ allowHalfOpen: true });
    this.remoteAddress = facts.remoteAddress;
    this.remotePort = facts.remotePort;
    this.encrypted = facts.encrypted;
  }

  static pair(facts: MemorySocketFacts): [MemorySocket, MemorySocket] {
    const one = new MemorySocket(facts);
    const other = new MemorySocket(facts);
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  /** Ends, and is gone when everything that was written has been taken over by the other end. */
  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    const done = this.#waitingWrite;
    this.#waitingWrite = undefined;
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    const peer = this.#peer;
    if (peer === undefined || peer.destroyed) {
      // What a closed peer does not read is lost, as in a network; its end shows in `close`.
      done();
    } else if (peer.push(Buffer.from(chunk))) {
      done();
    } else {
      peer.#waitingWrite = done;
    }
  }

  override _final(done: Callback): void {
    this.#hasSentEnd = true;
    if (this.#peer !== undefined && !this.#peer.destroyed) this.#peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Callback): void {
    const peer = this.#peer;
    this.#peer = undefined;
    const waiting = this.#waitingWrite;
    this.#waitingWrite = undefined;
    waiting?.();
    // What was sent before a FIN is still read; without a FIN the connection is broken.
    if (peer !== undefined && !this.#hasSentEnd) process.nextTick(() => peer.destroy());
    done(error);
  }
}
