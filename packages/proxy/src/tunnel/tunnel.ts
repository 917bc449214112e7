import type { TunnelBackend } from '../upstream/upstream-stream.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import type { GroupUse } from '../waiting/group-uses.ts';

/** The client's end of a tunnel. */
export interface TunnelClient {
  /** Something that was written has not left yet. */
  readonly holdsBytes: boolean;
  writeBytes(bytes: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Half-close towards the client. */
  end(): void;
  /** Ends the client's connection when what was written is out. */
  destroySoon(): void;
  /** Ends it at once. */
  reset(): void;
}

export interface TunnelOptions {
  readonly idleMs: number;
  /** Of the wake group that it leads to; undefined: to none. */
  readonly use: GroupUse | undefined;
  /** Once, when both directions have ended or the tunnel was cut. */
  readonly onClosed: (bytes: { readonly toClient: number; readonly toBackend: number }) => void;
}

/**
 *     open --client ends--> client-ended --backend ends--\
 *      |\--backend ends--> backend-ended --client ends----+--> ended --> closed
 *      \---- a side breaks, or both are idle ---------------------------/
 */
type State = 'open' | 'client-ended' | 'backend-ended' | 'ended' | 'closed';

/** Bytes both ways, untouched: after a 101, and for TCP. Each direction waits for its reader and ends on its own. */
export class Tunnel implements UpstreamUser {
  readonly #client: TunnelClient;
  readonly #upstream: TunnelBackend;
  readonly #options: TunnelOptions;
  #state: State = 'open';
  #toClient = 0;
  #toBackend = 0;

  constructor(client: TunnelClient, upstream: TunnelBackend, options: TunnelOptions) {
    this.#client = client;
    this.#upstream = upstream;
    this.#options = options;
    upstream.use(this);
    upstream.keepProbing();
    upstream.deadline.set(options.idleMs);
  }

  /** @param bytes must not change until they are out */
  onClientData(bytes: Buffer): void {
    this.#toBackend += bytes.length;
    this.#touch();
    if (!this.#upstream.writeBytes(bytes)) this.#client.pause();
  }

  onClientDrain(): void {
    this.#upstream.resume();
  }

  onClientEnd(): void {
    if (this.#state === 'open') this.#state = 'client-ended';
    else if (this.#state === 'backend-ended') this.#state = 'ended';
    this.#upstream.end();
  }

  onClientClosed(): void {
    // A client that ended in order may have left bytes that the backend still has to get.
    if (this.#state === 'open') this.#upstream.destroy();
    else this.#upstream.destroySoon();
    this.#close();
  }

  onUpstreamReady(): void {
    // A tunnel begins on a connection that is there.
  }

  onUpstreamData(bytes: Buffer, start: number, end: number): boolean {
    this.#toClient += end - start;
    this.#touch();
    if (!this.#client.writeBytes(bytes.subarray(start, end))) this.#upstream.pause();
    return this.#client.holdsBytes;
  }

  onUpstreamDrain(): void {
    this.#client.resume();
  }

  onUpstreamEnd(): void {
    if (this.#state === 'open') this.#state = 'backend-ended';
    else if (this.#state === 'client-ended') this.#state = 'ended';
    this.#client.end();
  }

  onUpstreamClosed(): void {
    if (this.#state === 'closed') return;
    // A backend that ended in order has said all; its last bytes may still wait for the client to read.
    if (this.#state === 'backend-ended' || this.#state === 'ended') this.#client.destroySoon();
    else this.#client.reset();
    this.#close();
  }

  onUpstreamDeadline(): void {
    this.cut();
  }

  /** Ends both sides at once: idle for too long, or the worker's drain is over. */
  cut(): void {
    this.#upstream.destroy();
    this.#close();
    this.#client.reset();
  }

  #touch(): void {
    this.#upstream.deadline.set(this.#options.idleMs);
    this.#options.use?.touch();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#options.onClosed({ toClient: this.#toClient, toBackend: this.#toBackend });
  }
}
