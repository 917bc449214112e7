import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Backend, type Log, ProxyError } from '@dproxy/core';
import type { Counters } from '../counters.ts';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';
import { connectError } from './connect-error.ts';
import type { NameCache } from './name-cache.ts';
import { openTcp, openTls, openTlsBehind } from './open-socket.ts';
import { ReadBuffer } from './read-buffer.ts';
import type { UpstreamUser } from './upstream-user.ts';

/**
 *     connecting --connected--> busy <--acquire/release--> idle
 *          \---------------------\--------------------------\--> closed
 */
export type UpstreamState = 'connecting' | 'busy' | 'idle' | 'closed';

export interface UpstreamContext {
  readonly wheel: DeadlineWheel;
  readonly counters: Counters;
  readonly names: NameCache;
  readonly log: Log;
  /** Waiting data before a write asks to wait (`limits.bufferBytes`), in bytes. */
  readonly bufferBytes: number;
}

export interface UpstreamConnectionOptions {
  readonly owner?: UpstreamConnectionOwner;
  /** What it begins with, before TLS. */
  readonly proxyHeader?: Buffer | undefined;
}

/** What the pool wants to know. */
export interface UpstreamConnectionOwner {
  /** Also when it was idle. */
  onConnectionClosed(connection: UpstreamConnection): void;
}

const FLUSH_MS = 30_000;
const HTTP1: readonly string[] = ['http/1.1'];

/** One connection to a backend. One user at a time: requests are never pipelined to a backend (response queue mix-ups). */
export class UpstreamConnection implements DeadlineOwner {
  readonly deadline: Deadline;
  /** It has carried a request before: then a close without a byte may be the keep-alive race. */
  isReused = false;
  /** How long the backend keeps it when idle, as it said; 0: it did not say. */
  learntKeepAliveMs = 0;
  readonly #owner: UpstreamConnectionOwner | undefined;
  readonly #context: UpstreamContext;
  readonly #where: string;
  #socket: Duplex;
  readonly #buffer: ReadBuffer | undefined;
  #state: UpstreamState;
  #user: UpstreamUser | undefined;
  #cause: NodeJS.ErrnoException | undefined;

  /** @param target a backend to connect to, or a connection within the process that is there already */
  constructor(
    target: Backend | Duplex,
    context: UpstreamContext,
    { owner, proxyHeader }: UpstreamConnectionOptions = {},
  ) {
    this.#owner = owner;
    this.#context = context;
    this.deadline = new Deadline(context.wheel, this);
    if (!('protocol' in target)) {
      this.#where = 'plugins';
      this.#state = 'busy';
      this.#socket = target;
      target.on('data', (bytes: Buffer) => this.#onData(bytes, bytes.length));
      this.#listen('connect');
      return;
    }
    this.#where = `${target.address}:${target.port}`;
    this.#state = 'connecting';
    context.counters.upstreamConnections++;
    const { bufferBytes, names } = context;
    const options = { lookup: names.lookup, bufferBytes, protocols: HTTP1, allowHalfOpen: true };
    if (target.protocol !== 'https') {
      this.#buffer = new ReadBuffer();
      this.#socket = openTcp(target, options, this.#readInto(this.#buffer));
      // Waits in the socket: nothing can be written before it.
      if (proxyHeader !== undefined) this.#socket.write(proxyHeader);
      this.#listen('connect');
    } else if (proxyHeader === undefined) {
      this.#socket = openTls(target, options);
      this.#listenTls();
    } else {
      const raw = openTlsBehind(proxyHeader, target, options, (secured) => {
        this.#socket = secured;
        this.#listenTls();
      });
      this.#socket = raw;
      this.#listenBeforeTls(raw);
    }
  }

  get state(): UpstreamState {
    return this.#state;
  }

  /** Something that was written has not gone out yet. */
  get holdsBytes(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** The user from now on; the connection must be idle, or the user hand over its own use. */
  use(user: UpstreamUser): void {
    this.#user = user;
    if (this.#state === 'idle') {
      this.#state = 'busy';
      this.isReused = true;
      // What is left of its idle time is no deadline for the next request, which may be a long upload.
      this.deadline.clear();
    }
  }

  /** No user, nothing to come: what comes all the same ends the connection. */
  rest(keepAliveMs: number): void {
    this.#user = undefined;
    this.#state = 'idle';
    this.deadline.set(keepAliveMs);
  }

  /** @returns false when the user should wait for `onUpstreamDrain` */
  writeText(latin1: string): boolean {
    return this.#socket.write(latin1, 'latin1');
  }

  /** @param bytes must not change until they are out */
  writeBytes(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  /** What is written until `uncork` goes out in one system call. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Half-close: nothing more will be sent. */
  end(): void {
    this.#socket.end();
  }

  /** Probes a peer that may be silent for an hour (tunnels). */
  keepProbing(): void {
    if (this.#socket instanceof Socket) this.#socket.setKeepAlive(true, 60_000);
  }

  /** Ends it without telling the user, who has decided so. */
  destroy(): void {
    this.#user = undefined;
    this.#socket.destroy();
    this.#close();
  }

  /** Likewise, but what was written goes out first, for at most `FLUSH_MS`. */
  destroySoon(): void {
    this.#user = undefined;
    this.deadline.set(FLUSH_MS);
    this.#socket.end(() => this.#socket.destroy());
  }

  onDeadline(): void {
    if (this.#state === 'connecting') {
      this.#cause = Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
      this.#socket.destroy();
      this.#close();
    } else if (this.#user === undefined) {
      this.destroy();
    } else {
      this.#user.onUpstreamDeadline();
    }
  }

  /** Every callback of the socket is the boundary of this connection: what it throws ends the connection, not the process. */
  #listen(readyEvent: 'connect' | 'secureConnect'): void {
    const socket = this.#socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= error;
    });
    socket.on(readyEvent, () => this.#guard(() => this.#onReady()));
    socket.on('drain', () => this.#guard(() => this.#user?.onUpstreamDrain()));
    socket.on('end', () => this.#guard(() => this.#onEnd()));
    socket.on('close', () => this.#guard(() => this.#close()));
  }

  /** Every record comes in a buffer of its own. */
  #listenTls(): void {
    this.#socket.on('data', (bytes: Buffer) => this.#onData(bytes, bytes.length));
    this.#listen('secureConnect');
  }

  #readInto(buffer: ReadBuffer): OnReadOpts {
    return {
      buffer: () => buffer.renew(),
      callback: (byteLength) => {
        this.#onData(buffer.bytes, byteLength);
        return true;
      },
    };
  }

  /** Once there is TLS over it, that tells what happens. */
  #listenBeforeTls(raw: Socket): void {
    raw.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= error;
    });
    raw.on('close', () => {
      if (this.#socket === raw) this.#guard(() => this.#close());
    });
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#breakOff(error);
    }
  }

  #breakOff(error: unknown): void {
    this.#context.log.error({ err: error, backend: this.#where }, 'an upstream connection broke off');
    this.#socket.destroy();
    this.#close();
  }

  #onReady(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'busy';
    this.deadline.clear();
    this.#user?.onUpstreamReady();
  }

  #onData(bytes: Buffer, byteLength: number): void {
    try {
      // Unasked-for bytes would be taken for the answer to the next request (response queue poisoning).
      if (this.#user === undefined) this.destroy();
      else if (this.#user.onUpstreamData(bytes, 0, byteLength)) this.#buffer?.lend();
    } catch (error) {
      this.#breakOff(error);
    }
  }

  #onEnd(): void {
    if (this.#state === 'connecting') this.#breakHandshake();
    else if (this.#user === undefined) this.destroy();
    else this.#user.onUpstreamEnd();
  }

  /** The backend has ended TLS before it began: nothing of a request was sent. */
  #breakHandshake(): void {
    this.#cause ??= Object.assign(new Error('the backend ended the handshake'), { code: 'ECONNRESET' });
    this.#socket.destroy();
    this.#close();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    const wasConnecting = this.#state === 'connecting';
    this.#state = 'closed';
    this.deadline.dispose();
    this.#owner?.onConnectionClosed(this);
    const user = this.#user;
    this.#user = undefined;
    user?.onUpstreamClosed(this.#closingError(wasConnecting));
  }

  #closingError(wasConnecting: boolean): ProxyError {
    const cause = this.#cause;
    if (wasConnecting && cause !== undefined) return connectError(cause, this.#where);
    const detail = `${this.#where}: ${cause?.code ?? 'closed'}`;
    return new ProxyError('upstream-closed', detail, cause === undefined ? undefined : { cause });
  }
}
