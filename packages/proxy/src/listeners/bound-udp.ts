import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ListenAddress, Listener } from '@dproxy/core';
import type { Services } from '../services.ts';
import { sendOn } from '../streams/udp-session.ts';
import { UdpSessions, type Client } from '../streams/udp-sessions.ts';
import { type Bound, listenOnEither } from './bound.ts';

export interface BoundUdpOptions {
  readonly address: ListenAddress;
  readonly services: Services;
  readonly reusePort: boolean;
}

/** Room for a burst while this process does something else; the kernel cuts it to `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4_194_304;

/** One UDP socket, and the sessions of the clients that send to it. */
export class BoundUdp implements Bound {
  readonly #services: Services;
  readonly #address: ListenAddress;
  readonly #reusePort: boolean;
  readonly #sessions: UdpSessions;
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

  drain(): void {
    this.#isDraining = true;
  }

  destroy(): void {
    this.#isDraining = true;
    this.#sessions.close();
    this.#socket?.close();
    this.#socket = undefined;
  }

  followBackends(): void {
    this.#sessions.followBackends();
  }

  #listenOn(host: string): Promise<void> {
    const socket = createSocket({
      type: isIPv6(host) ? 'udp6' : 'udp4',
      reusePort: this.#reusePort,
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once('error', fail);
      socket.bind({ address: host, port: this.#address.port }, () => {
        socket.off('error', fail);
        socket.on('error', (error) => this.#services.log.error({ err: error }, 'a listener has a problem'));
        this.#socket = socket;
        resolve();
      });
    });
  }

  /** What is thrown here costs a datagram, not the worker (threats: row 54). */
  #receive(datagram: Buffer, from: Client): void {
    try {
      this.#sessions.receive(datagram, from);
    } catch (error) {
      this.#services.log.error({ err: error }, 'a datagram could not be served');
    }
  }

  #send(datagram: Buffer, client: Client): void {
    if (this.#socket !== undefined) sendOn(this.#socket, datagram, client);
  }
}
