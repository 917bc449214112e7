import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ListenAddress, Listener } from '@dproxy/core';
import type { Services } from '../services.ts';
import { sendOn } from '../streams/udp-session.ts';
import { keyOf, UdpSessions, type Client } from '../streams/udp-sessions.ts';
import { type Bound, listenOnEither } from './bound.ts';

export interface BoundUdpOptions {
  readonly address: ListenAddress;
  readonly services: Services;
  readonly reusePort: boolean;
}

/** Room for a burst while this process does something else; the kernel cuts it to `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4_194_304;
/** UDP has no end that could be waited for: a session that is silent for that long is over for a worker that leaves. */
const LEAVING_IDLE_MS = 5_000;
/** Each is one more socket; the sessions of other clients begin anew with another worker. */
const MAX_KEPT = 1_024;

/**
 * One UDP socket, and the sessions of the clients that send to it.
 *
 *     listening --drain--> keeping: a socket for each session, connected to its client --the last session ends--> closed
 *
 * Of the sockets of one port the system gives each client one; to one that is connected to the client it gives only that
 * client's datagrams, and before all others. So a worker that leaves keeps its sessions, and its share of new clients goes to
 * the workers that stay.
 */
export class BoundUdp implements Bound {
  readonly #services: Services;
  readonly #address: ListenAddress;
  readonly #reusePort: boolean;
  readonly #sessions: UdpSessions;
  /** By client, while it leaves. */
  readonly #kept = new Map<string, Socket>();
  #listener: Listener;
  #socket: Socket | undefined;
  #isDraining = false;

  constructor(listener: Listener, { address, services, reusePort }: BoundUdpOptions) {
    this.#listener = listener;
    this.#address = address;
    this.#services = services;
    this.#reusePort = reusePort;
    this.#sessions = new UdpSessions({
      services,
      choose: (client) => services.compiled.streams.byListener.get(this.#listener.id)?.findPlain(client),
      send: (datagram, client) => this.#send(datagram, client),
      onEnded: (client) => this.#onEnded(client),
    });
  }

  get listener(): Listener {
    return this.#listener;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get openCount(): number {
    return this.#sessions.size;
  }

  get busyCount(): number {
    return this.#sessions.size;
  }

  get address(): ListenAddress {
    const bound = this.#socket?.address();
    return { host: bound?.address ?? this.#address.host, port: bound?.port ?? this.#address.port };
  }

  reassign(listener: Listener): void {
    this.#listener = listener;
  }

  async listen(): Promise<void> {
    await listenOnEither(this.#address.host, (host) => this.#listenOn(host));
  }

  /** Without other workers at the port there is nobody to leave new clients to: they are not answered. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#sessions.hurry(LEAVING_IDLE_MS);
    if (this.#sessions.size === 0) this.#closeListening();
    else if (this.#reusePort) void this.#keepSessions();
  }

  destroy(): void {
    this.#isDraining = true;
    this.#sessions.close();
    this.#closeListening();
  }

  followBackends(): void {
    this.#sessions.followBackends();
  }

  async #listenOn(host: string): Promise<void> {
    const socket = await bindSocket(host, this.#address.port, this.#reusePort);
    socket.on('error', (error) => this.#services.log.error({ err: error }, 'a listener has a problem'));
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    this.#socket = socket;
  }

  /** What is thrown here costs a datagram, not the worker (threats: row 54). */
  #receive(datagram: Buffer, from: Client): void {
    if (this.#isDraining && !this.#sessions.has(from)) return;
    try {
      this.#sessions.receive(datagram, from);
    } catch (error) {
      this.#services.log.error({ err: error }, 'a datagram could not be served');
    }
  }

  #send(datagram: Buffer, client: Client): void {
    const kept = this.#kept.get(keyOf(client));
    if (kept !== undefined) sendOn(kept, datagram);
    else if (this.#socket !== undefined) sendOn(this.#socket, datagram, client);
  }

  async #keepSessions(): Promise<void> {
    const { host, port } = this.address;
    const clients = this.#sessions.clients();
    for (const client of clients.slice(0, -MAX_KEPT)) this.#sessions.end(client);
    const kept = await Promise.allSettled(clients.slice(-MAX_KEPT).map((client) => this.#keep(client, host, port)));
    for (const result of kept) {
      if (result.status === 'rejected')
        this.#services.log.warn({ err: result.reason as unknown }, 'a session of UDP ends early');
    }
    this.#closeListening();
  }

  async #keep(client: Client, host: string, port: number): Promise<void> {
    try {
      const socket = await bindSocket(host, port, true);
      socket.on('error', () => this.#sessions.end(client));
      // Between `bind` and `connect` it may have got what is meant for others.
      socket.on('message', (datagram, from) => {
        if (keyOf(from) === keyOf(client)) this.#receive(datagram, from);
      });
      await new Promise<void>((resolve) => {
        socket.connect(client.port, client.address, resolve);
      });
      if (this.#sessions.has(client)) this.#kept.set(keyOf(client), socket);
      else socket.close();
    } catch (error) {
      this.#sessions.end(client);
      throw error;
    }
  }

  #onEnded(client: Client): void {
    const key = keyOf(client);
    this.#kept.get(key)?.close();
    this.#kept.delete(key);
    if (this.#isDraining && this.#sessions.size === 0) this.#closeListening();
  }

  #closeListening(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

function bindSocket(host: string, port: number, reusePort: boolean): Promise<Socket> {
  const type = isIPv6(host) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, reusePort, recvBufferSize: RECEIVE_BUFFER_BYTES });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    socket.bind({ address: host, port }, () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
