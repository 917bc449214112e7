import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { ExchangeTraffic } from '../exchange/exchange-traffic.ts';
import type { Services } from '../services.ts';
import { Deadline, type DeadlineOwner } from '../deadline-wheel.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { GroupUse } from '../waiting/group-uses.ts';

/** What waits of all sessions of a listener while names of backends are looked up; more is dropped. */
const MAX_WAITING_BYTES = 4_194_304;
/** What waits in a socket that cannot send as fast; more is dropped. */
const MAX_UNSENT_BYTES = 1_048_576;

/** Of all sessions of a listener. */
export interface Waiting {
  bytes: number;
}

export interface UdpSessionOptions {
  readonly services: Pick<Services, 'wheel' | 'counters' | 'log' | 'names'>;
  readonly pool: UpstreamPool;
  /** `StreamRoute.id` */
  readonly streamId: string;
  /** Of its wake group; undefined: it has none. */
  readonly use: GroupUse | undefined;
  readonly idleMs: number;
  readonly waiting: Waiting;
  readonly reply: (datagram: Buffer) => void;
  readonly onClosed: (session: UdpSession) => void;
}

/**
 *     opening --the backend's address is known--> open --idle, or the backend has gone--> closed
 */
type State = 'opening' | 'open' | 'closed';

/**
 * What one client address and one backend have to say to each other. The socket to the backend is connected: the system drops
 * what comes from anybody else, and tells when nobody listens there.
 */
export class UdpSession implements DeadlineOwner {
  readonly pool: UpstreamPool;
  readonly #options: UdpSessionOptions;
  readonly #deadline: Deadline;
  #idleMs: number;
  #state: State = 'opening';
  #waiting: Buffer[] = [];
  #socket: Socket | undefined;
  #hasAnswer = false;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #traffic: ExchangeTraffic;
  readonly #startedMs = performance.now();
  #isConfirmed = false;

  constructor(options: UdpSessionOptions) {
    this.pool = options.pool;
    this.#options = options;
    this.#deadline = new Deadline(options.services.wheel, this);
    this.#idleMs = options.idleMs;
    this.#deadline.set(this.#idleMs);
    options.services.counters.tunnels++;
    this.#traffic = new ExchangeTraffic(options.services.counters, true);
    this.#traffic.choose(options.streamId, options.use);
    this.#traffic.attempt(this.pool.backend.id, this.#startedMs);
    this.#open().catch((error: unknown) => this.#fail(error));
  }

  /** The client has sent again after an answer: its address is no invention. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  onDeadline(): void {
    this.close();
  }

  fromClient(datagram: Buffer): void {
    if (this.#state === 'closed') return;
    this.#deadline.set(this.#idleMs);
    this.#options.services.counters.bytesIn += datagram.length;
    this.#bytesIn += datagram.length;
    this.#options.use?.touch();
    this.#isConfirmed ||= this.#hasAnswer;
    const socket = this.#socket;
    if (this.#state === 'open' && socket !== undefined) sendOn(socket, datagram);
    else this.#wait(datagram);
  }

  /** From now on it ends after that much silence, if it would not earlier. */
  hurry(idleMs: number): void {
    if (this.#state === 'closed') return;
    this.#idleMs = Math.min(this.#idleMs, idleMs);
    this.#deadline.set(this.#idleMs);
  }

  close(): void {
    this.#end(false);
  }

  #end(isError: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#deadline.dispose();
    this.#takeWaiting();
    this.#options.services.counters.tunnels--;
    this.#socket?.close();
    const nowMs = performance.now();
    const ended = { status: 0, isError, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
    this.#traffic.end({ route: ended, backend: ended, totalMs: nowMs - this.#startedMs }, nowMs);
    this.#options.onClosed(this);
  }

  async #open(): Promise<void> {
    const { address, port } = this.pool.backend;
    const target = isIP(address) === 0 ? await this.#resolve(address) : address;
    if (this.#state === 'closed') return;
    const socket = createSocket(isIP(target) === 6 ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('error', (error) => this.#fail(error));
    socket.on('message', (datagram) => this.#fromBackend(datagram));
    // The callback hears of a failure, too, and then 'error' does not come: no route, no permission.
    const onConnected = (error?: Error): void => {
      if (this.#state === 'closed') return;
      if (error !== undefined) {
        this.#fail(error);
        return;
      }
      this.#state = 'open';
      for (const datagram of this.#takeWaiting()) sendOn(socket, datagram);
    };
    socket.connect(port, target, onConnected);
  }

  #wait(datagram: Buffer): void {
    const { waiting } = this.#options;
    if (waiting.bytes + datagram.length > MAX_WAITING_BYTES) return;
    waiting.bytes += datagram.length;
    this.#waiting.push(datagram);
  }

  #takeWaiting(): readonly Buffer[] {
    const taken = this.#waiting;
    this.#waiting = [];
    for (const { length } of taken) this.#options.waiting.bytes -= length;
    return taken;
  }

  async #resolve(name: string): Promise<string> {
    const [first] = await this.#options.services.names.resolve(name);
    // An empty address would be ours.
    if (first === undefined) throw new Error(`${name} has no address`);
    return first.address;
  }

  #fromBackend(datagram: Buffer): void {
    if (this.#state === 'closed') return;
    this.#deadline.set(this.#idleMs);
    this.#hasAnswer = true;
    this.#options.services.counters.bytesOut += datagram.length;
    this.#bytesOut += datagram.length;
    this.#options.use?.touch();
    this.#options.reply(datagram);
  }

  /** Nobody listens there (the system heard so by ICMP), or there is no way: the client's next datagram begins anew. */
  #fail(error: unknown): void {
    if (this.#state === 'closed') return;
    const { services } = this.#options;
    services.counters.countError('upstream-closed');
    services.log.debug({ err: error, backend: this.pool.where }, 'a session of UDP ended');
    this.#end(true);
  }
}

/** Datagrams may be lost; a queue that grows without end may not be. */
export function sendOn(
  socket: Socket,
  datagram: Buffer,
  to?: { readonly address: string; readonly port: number },
): void {
  if (socket.getSendQueueSize() > MAX_UNSENT_BYTES) return;
  // What goes wrong with one datagram is the loss of it; a socket that is no good any more says so by its `error`.
  if (to === undefined) socket.send(datagram, () => undefined);
  else socket.send(datagram, to.port, to.address, () => undefined);
}
