import type { ListenAddress, Listener } from './listener.ts';
import type { Rejection } from './rejection.ts';

/** Both ends belong to it. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface PortRules {
  /** Those that the configuration opens: they keep their ports whoever asks. */
  readonly listeners: readonly Listener[];
  /** Ports below 1024 that containers may ask for. */
  readonly allow: readonly PortRange[];
  /** Where dproxy itself answers, as `address:port`. */
  readonly ownAddresses: readonly string[];
}

/** One wish for a listener. */
export interface PortDemand {
  /** What a person calls who asks. */
  readonly name: string;
  /** Tells who asks apart. */
  readonly owner: string;
  readonly isContainer: boolean;
  /** Id of a listener that is there anyway; empty: `port` says it. */
  readonly listener: string;
  readonly port: number;
  readonly protocol: Listener['protocol'];
  /** A stream that goes by the name in the ClientHello: it may share the port with HTTPS. */
  readonly readsTls: boolean;
}

type Answer = { readonly listenerId: string } | Pick<Rejection, 'message' | 'expected'>;

/** Listeners that containers open are sockets of every worker: one of them must not use up all file descriptors. */
const MAX_OPENED = 512;
const MAX_OPENED_PER_OWNER = 64;
const FIRST_OPEN_PORT = 1_024;
const MAX_PORT = 65_535;
/** Wherever these two are bound (contract: "Public ports 80 and 443"). */
const STANDARD: ReadonlyMap<number, string> = new Map([
  [80, 'http'],
  [443, 'https'],
]);

/** Who holds which port. The first who asks for one decides what it speaks; others may join who speak the same. */
export class PortBook {
  readonly #rules: PortRules;
  readonly #bindHosts: readonly string[];
  readonly #byId: ReadonlyMap<string, Listener>;
  /** By transport and port. */
  readonly #held = new Map<string, { readonly listener: Listener; readonly holder: string }>();
  readonly #ownPorts: ReadonlySet<number>;
  readonly #opened: Listener[] = [];
  readonly #openedBy = new Map<string, number>();

  constructor(rules: PortRules) {
    this.#rules = rules;
    this.#byId = new Map(rules.listeners.map((listener) => [listener.id, listener]));
    this.#bindHosts = bindHostsOf(this.#byId);
    for (const listener of rules.listeners) {
      const ports = [...listener.addresses.map(({ port }) => port), listener.publicPort];
      for (const port of ports) this.#hold(port, listener, `the listener ${listener.id}`);
    }
    this.#ownPorts = new Set(rules.ownAddresses.map((address) => Number(address.slice(address.lastIndexOf(':') + 1))));
  }

  get opened(): readonly Listener[] {
    return this.#opened;
  }

  ask(demand: PortDemand): Answer {
    if (demand.listener !== '') return this.#named(demand, demand.listener);
    const standard = demand.protocol === 'udp' ? undefined : STANDARD.get(demand.port);
    if (standard !== undefined) return this.#named(demand, standard);
    const held = this.#held.get(portKey(demand));
    if (held !== undefined) return join(demand, held.listener, held.holder);
    return this.#refuse(demand) ?? this.#open(demand);
  }

  #named(demand: PortDemand, id: string): Answer {
    const listener = this.#byId.get(id);
    if (listener !== undefined) return join(demand, listener, `the listener ${id}`);
    const known = [...this.#byId.keys()].join(', ');
    return { message: `there is no listener ${id}`, expected: `a port, or one of ${known === '' ? 'none' : known}` };
  }

  #refuse({ port, protocol, owner, isContainer }: PortDemand): Pick<Rejection, 'message' | 'expected'> | undefined {
    const what = `port ${port} (${protocol})`;
    if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
      return { message: `${what} is no port`, expected: `a number from 1 to ${MAX_PORT}` };
    }
    if (protocol !== 'udp' && this.#ownPorts.has(port)) {
      return { message: `${what} is where dproxy itself answers`, expected: 'another port' };
    }
    if (!isContainer) return undefined;
    if (port < FIRST_OPEN_PORT && !this.#rules.allow.some(({ from, to }) => port >= from && port <= to)) {
      const expected = `a port from ${FIRST_OPEN_PORT} to ${MAX_PORT}, or tcp: {allow: [${port}]} in dproxy.yml`;
      return { message: `${what} is not for containers to ask for`, expected };
    }
    if ((this.#openedBy.get(owner) ?? 0) >= MAX_OPENED_PER_OWNER || this.#opened.length >= MAX_OPENED) {
      const expected = `at most ${MAX_OPENED_PER_OWNER} ports of one container, and ${MAX_OPENED} of all`;
      return { message: `${what} is one port too many`, expected };
    }
    return undefined;
  }

  #open(demand: PortDemand): Answer {
    const { port, protocol, name, owner } = demand;
    const addresses = this.#bindHosts.map((host): ListenAddress => ({ host, port }));
    const listener = { id: `${protocol}:${port}`, protocol, addresses, publicPort: port, proxyProtocol: [] };
    this.#opened.push(listener);
    this.#openedBy.set(owner, (this.#openedBy.get(owner) ?? 0) + 1);
    this.#hold(port, listener, name);
    return { listenerId: listener.id };
  }

  #hold(port: number, listener: Listener, holder: string): void {
    const key = portKey({ port, protocol: listener.protocol });
    if (port !== 0 && !this.#held.has(key)) this.#held.set(key, { listener, holder });
  }
}

/** UDP and TCP have ports of their own. */
export function portKey({ port, protocol }: Pick<PortDemand, 'port' | 'protocol'>): string {
  return `${protocol === 'udp' ? 'udp' : 'tcp'} ${port}`;
}

function join({ port, protocol, readsTls, listener: wanted }: PortDemand, listener: Listener, holder: string): Answer {
  const { id, protocol: spoken } = listener;
  const isStandard = protocol !== 'tcp' && protocol !== 'udp' && STANDARD.get(port) === id;
  if (isStandard || protocol === spoken || (readsTls && spoken === 'https')) return { listenerId: id };
  const where = wanted === '' ? `port ${port}` : `the listener ${wanted}`;
  const hint = protocol === 'tcp' && spoken === 'https' ? '; TLS by server name (SNI) can share it' : '';
  return {
    message: `${where} cannot be ${protocol}: ${holder} has it as ${spoken}, and keeps it`,
    expected: `another port, or ${spoken}${hint}`,
  };
}

/** Where HTTP is bound, so that nothing is open to the world that the operator has bound to one address. */
function bindHostsOf(listeners: ReadonlyMap<string, Listener>): readonly string[] {
  const { addresses = [] } = listeners.get('http') ?? listeners.get('https') ?? {};
  return addresses.length === 0 ? ['::'] : [...new Set(addresses.map(({ host }) => host))];
}
