import type { ApplyReport, ListenAddress, Listener } from '@dproxy/core';
import type { Services } from '../services.ts';
import type { Bound } from './bound.ts';
import { BoundSocket } from './bound-socket.ts';
import { BoundUdp } from './bound-udp.ts';
import { ConnectionLimits } from './connection-limits.ts';

type Failure = ApplyReport['failed'][number];

interface Wanted {
  readonly key: string;
  readonly listener: Listener;
  readonly address: ListenAddress;
}

/** The listening sockets of a worker. What is no longer wanted goes on draining here until its last connection is gone. */
export class ListenerSet {
  readonly #services: Services;
  readonly #reusePort: boolean;
  readonly #connections = new ConnectionLimits();
  readonly #bound = new Map<string, Bound>();
  readonly #leaving = new Set<Bound>();

  constructor(services: Services, { reusePort }: { readonly reusePort: boolean }) {
    this.#services = services;
    this.#reusePort = reusePort;
  }

  get openCount(): number {
    let count = 0;
    for (const socket of this.#all()) count += socket.openCount;
    return count;
  }

  get busyCount(): number {
    let count = 0;
    for (const socket of this.#all()) count += socket.busyCount;
    return count;
  }

  /**
   * Opens what is new, then closes what is no longer wanted. A listener none of whose new addresses can be had keeps its
   * old ones; the others are not harmed.
   */
  async apply(listeners: Iterable<Listener>): Promise<readonly Failure[]> {
    const wanted = [...listeners].flatMap(wantedOf);
    const keys = new Set(wanted.map(({ key }) => key));
    const failed: Failure[] = [];
    for (const item of wanted) {
      const known = this.#bound.get(item.key);
      // Sequential: what fails because of an old socket on the same port is tried again once that is closed.
      const reason = known === undefined ? await this.#open(item, keys) : known.reassign(item.listener);
      if (reason !== undefined) failed.push({ listenerId: item.listener.id, reason });
    }
    const failedIds = new Set(failed.map(({ listenerId }) => listenerId));
    for (const [key, socket] of this.#bound) {
      if (!keys.has(key) && !failedIds.has(socket.listener.id)) this.#leave(key, socket);
    }
    return failed;
  }

  addresses(): ReadonlyMap<string, readonly ListenAddress[]> {
    const addresses = new Map<string, ListenAddress[]>();
    for (const { listener, address } of this.#bound.values()) {
      const list = addresses.get(listener.id);
      if (list === undefined) addresses.set(listener.id, [address]);
      else list.push(address);
    }
    return addresses;
  }

  /** A new table is in force. */
  followBackends(): void {
    for (const socket of this.#all()) socket.followBackends();
  }

  drain(): void {
    for (const [key, socket] of this.#bound) this.#leave(key, socket);
  }

  destroy(): void {
    this.drain();
    for (const socket of this.#all()) socket.destroy();
  }

  #all(): Bound[] {
    return [...this.#bound.values(), ...this.#leaving];
  }

  async #open({ key, listener, address }: Wanted, keys: ReadonlySet<string>): Promise<string | undefined> {
    const error = await this.#tryOpen(key, listener, address);
    if (error === undefined) return undefined;
    const old = error.code === 'EADDRINUSE' ? this.#unwantedOn(listener, address.port, keys) : undefined;
    if (old === undefined) return explain(error, address);
    this.#leave(...old);
    const second = await this.#tryOpen(key, listener, address);
    return second === undefined ? undefined : explain(second, address);
  }

  async #tryOpen(key: string, listener: Listener, address: ListenAddress): Promise<NodeJS.ErrnoException | undefined> {
    const options = { address, services: this.#services, reusePort: this.#reusePort };
    const socket =
      listener.protocol === 'udp'
        ? new BoundUdp(listener, options)
        : new BoundSocket(listener, { ...options, connections: this.#connections });
    try {
      await socket.listen();
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
    this.#bound.set(key, socket);
    return undefined;
  }

  #unwantedOn({ protocol }: Listener, port: number, keys: ReadonlySet<string>): [string, Bound] | undefined {
    return [...this.#bound].find(
      ([key, socket]) =>
        !keys.has(key) &&
        socket.address.port === port &&
        transportOf(socket.listener.protocol) === transportOf(protocol),
    );
  }

  #leave(key: string, socket: Bound): void {
    this.#bound.delete(key);
    for (const old of this.#leaving) if (old.openCount === 0) this.#leaving.delete(old);
    this.#leaving.add(socket);
    socket.drain();
  }
}

/** Port 0 is another port for every listener; else an address is one socket, whatever its listener is called. */
function wantedOf(listener: Listener): Wanted[] {
  return listener.addresses.map((address) => ({
    key: `${transportOf(listener.protocol)} ${address.host} ${address.port === 0 ? listener.id : address.port}`,
    listener,
    address,
  }));
}

function transportOf(protocol: Listener['protocol']): 'tcp' | 'udp' {
  return protocol === 'udp' ? 'udp' : 'tcp';
}

function explain(error: NodeJS.ErrnoException, { host, port }: ListenAddress): string {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { code = '' } = error;
  switch (code) {
    case 'EADDRINUSE':
      return `${where} is in use by another process`;
    case 'EACCES':
      return `${where} needs a privilege (CAP_NET_BIND_SERVICE) that this process does not have`;
    case 'EADDRNOTAVAIL':
      return `${where} is no address of this machine`;
    default:
      return `${where}: ${code === '' ? error.message : code}`;
  }
}
