import type { RemoteInfo } from 'node:dgram';
import { mayBeConnected } from '@dproxy/core';
import { ClientCounts } from '../client/client-counts.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import type { Services } from '../services.ts';
import { wakeGroupOf } from '../waiting/place.ts';
import { UdpSession, type Waiting } from './udp-session.ts';

export interface UdpSessionsOptions {
  readonly services: Services;
  /** Who takes a new session of this client; undefined: nobody. */
  readonly choose: (client: string) => CompiledStream | undefined;
  readonly send: (datagram: Buffer, to: Client) => void;
  readonly onEnded: (client: Client) => void;
}

/** Address and port. */
export type Client = Pick<RemoteInfo, 'address' | 'port'>;

export function keyOf({ address, port }: Client): string {
  return `${address} ${port}`;
}

interface Entry {
  readonly client: Client;
  readonly session: UdpSession;
}

/**
 * The sessions of one UDP listener, the longest silent first. Anybody can send with an invented address: when there are too
 * many, those go first whose client has never spoken after an answer, so that a flood does not end the sessions of others.
 *
 *     fresh --the client sends after an answer--> confirmed
 *       \-- too many, idle ------------------------/--> ended
 */
export class UdpSessions {
  readonly #options: UdpSessionsOptions;
  readonly #fresh = new Map<string, Entry>();
  readonly #confirmed = new Map<string, Entry>();
  readonly #clients = new ClientCounts();
  readonly #waiting: Waiting = { bytes: 0 };

  constructor(options: UdpSessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#fresh.size + this.#confirmed.size;
  }

  /** A datagram of a client. */
  receive(datagram: Buffer, client: Client): void {
    const key = keyOf(client);
    const entry = this.#confirmed.get(key) ?? this.#fresh.get(key) ?? this.#begin(key, client);
    if (entry === undefined) return;
    entry.session.fromClient(datagram);
    if (entry.session.isClosed) return;
    this.#fresh.delete(key);
    this.#confirmed.delete(key);
    // To the end of the line.
    (entry.session.isConfirmed ? this.#confirmed : this.#fresh).set(key, entry);
  }

  has(client: Client): boolean {
    const key = keyOf(client);
    return this.#confirmed.has(key) || this.#fresh.has(key);
  }

  /** The longest silent first, those whose address may be invented before all others. */
  clients(): Client[] {
    return this.#all().map(({ client }) => client);
  }

  hurry(idleMs: number): void {
    for (const { session } of this.#all()) session.hurry(idleMs);
  }

  end(client: Client): void {
    const key = keyOf(client);
    (this.#confirmed.get(key) ?? this.#fresh.get(key))?.session.close();
  }

  /** Ends sessions whose backend has left: its address may be somebody else's now. One that drains keeps those it has. */
  followBackends(): void {
    for (const { session } of this.#all()) if (session.pool.isRetired && !this.#isStillThere(session)) session.close();
  }

  #isStillThere({ pool: { backend } }: UdpSession): boolean {
    const now = this.#options.services.compiled.source.backends.get(backend.id);
    return now !== undefined && mayBeConnected(now) && now.address === backend.address && now.port === backend.port;
  }

  close(): void {
    for (const { session } of this.#all()) session.close();
  }

  #all(): Entry[] {
    return [...this.#fresh.values(), ...this.#confirmed.values()];
  }

  #begin(key: string, client: Client): Entry | undefined {
    const { services, choose, send } = this.#options;
    const stream = choose(client.address);
    if (stream === undefined) return undefined;
    const pool = stream.balance.next();
    if (pool === undefined) {
      services.counters.countError('no-backend-ready');
      this.#wake(stream, client);
      return undefined;
    }
    const leave = this.#enter(client.address, stream);
    if (leave === undefined) return undefined;
    const session = new UdpSession({
      services,
      pool,
      streamId: stream.route.id,
      use: stream.route.wakeGroup === '' ? undefined : services.waiting.useOf(stream.route.wakeGroup),
      idleMs: stream.idleMs,
      waiting: this.#waiting,
      reply: (datagram) => send(datagram, client),
      onClosed: () => {
        this.#fresh.delete(key);
        this.#confirmed.delete(key);
        leave();
        this.#options.onEnded(client);
      },
    });
    return { client, session };
  }

  /** The datagram is lost: whoever sends in UDP sends again. Its address may be invented: budgets go by it, and in all. */
  #wake(stream: CompiledStream, { address }: Client): void {
    const { compiled, waiting } = this.#options.services;
    const group = wakeGroupOf(compiled, stream);
    if (group?.autostart === true) waiting.wake(group.id, address);
  }

  /** @returns what counts the session out again; undefined: this client has too many */
  #enter(address: string, stream: CompiledStream): (() => void) | undefined {
    const { counters, compiled } = this.#options.services;
    const leaveListener = this.#clients.enter(address, compiled.limits.udpSessionsPerClient);
    const leaveStream =
      leaveListener === undefined ? undefined : stream.counts.enter(address, stream.route.connectionsPerClient);
    if (leaveListener === undefined || leaveStream === undefined) {
      leaveListener?.();
      counters.countError('too-many-connections');
      return undefined;
    }
    this.#makeRoom(compiled.limits.udpSessions);
    return () => {
      leaveListener();
      leaveStream();
    };
  }

  #makeRoom(most: number): void {
    while (this.size >= most) {
      const [longestSilent] = this.#fresh.size > 0 ? this.#fresh.values() : this.#confirmed.values();
      longestSilent?.session.close();
    }
  }
}
