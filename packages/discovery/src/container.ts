import { SIGTERM, signalNumber } from './stop-signal.ts';

/** What the engine says a container does. `restarting` waits between two attempts, `created` was never started. */
type EngineState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface Attachment {
  readonly network: string;
  readonly networkId: string;
  /** IPv4, else IPv6; empty while the container does not run. */
  readonly address: string;
  /** The engine host's address on that network; empty when there is none. */
  readonly gateway: string;
}

/** Where the engine's host passes a port of the container on. */
export interface PortBinding {
  readonly address: string;
  readonly port: number;
}

/** The parts of `GET /containers/<id>/json` that discovery uses, checked and with one spelling for each. */
export interface Container {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** As it was named when the container was created. */
  readonly image: string;
  readonly imageId: string;
  readonly createdMs: number;
  readonly state: EngineState;
  readonly health: Health;
  /** By the clock of the engine; 0: it does not say. */
  readonly startedMs: number;
  /** Of its last end; 0 while it runs or when it was never started. */
  readonly exitCode: number;
  /** Number of the signal that asks it to end. */
  readonly stopSignal: number;
  /** How long it has to end before it is killed; infinite where it has no limit. */
  readonly stopTimeoutMs: number;
  /** As inside the container: the short id unless given. */
  readonly hostname: string;
  readonly domainname: string;
  readonly labels: ReadonlyMap<string, string>;
  /** `docker run --rm`: when it ends, the engine removes it. */
  readonly isAutoRemoved: boolean;
  /** `Config.Env`: of the image and of the container. */
  readonly env: ReadonlyMap<string, string>;
  /** `default`, a network's name, `host`, `none` or `container:<id>`. */
  readonly networkMode: string;
  /** TCP ports that the image or the container declares or publishes, ascending. */
  readonly tcpPorts: readonly number[];
  /** UDP ports, likewise. */
  readonly udpPorts: readonly number[];
  /** TCP, by container port; only what is bound at the moment. */
  readonly published: ReadonlyMap<number, readonly PortBinding[]>;
  /** Ports of the engine's host that pass TCP on to it: those of the moment, and those that it asks for whenever it runs. */
  readonly hostPorts: readonly number[];
  /** UDP, likewise. */
  readonly publishedUdp: ReadonlyMap<number, readonly PortBinding[]>;
  /** By name, ascending. */
  readonly attachments: readonly Attachment[];
}

const ENGINE_STATES: ReadonlySet<string> = new Set([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
/** Of the engine, for Linux. */
const DEFAULT_STOP_TIMEOUT_S = 10;
const HEALTHS: ReadonlySet<string> = new Set(['starting', 'healthy', 'unhealthy']);

/** @throws TypeError that names the part which is not as the Docker API says; nothing of such a container is used */
export function readContainer(inspect: unknown): Container {
  const root = record(inspect, 'container');
  const config = record(root['Config'], 'Config');
  const hostConfig = record(root['HostConfig'] ?? {}, 'HostConfig');
  const network = record(root['NetworkSettings'] ?? {}, 'NetworkSettings');
  const state = record(root['State'], 'State');
  const bound = record(network['Ports'] ?? {}, 'NetworkSettings.Ports');
  const planned = record(hostConfig['PortBindings'] ?? {}, 'HostConfig.PortBindings');
  const exposed = record(config['ExposedPorts'] ?? {}, 'Config.ExposedPorts');
  return {
    id: idOf(root['Id']),
    name: text(root['Name'], 'Name').replace(/^\//, ''),
    image: text(config['Image'] ?? '', 'Config.Image'),
    imageId: text(root['Image'] ?? '', 'Image'),
    createdMs: Date.parse(text(root['Created'], 'Created')) || 0,
    state: stateOf(state['Status']),
    health: healthOf(state['Health']),
    startedMs: Date.parse(text(state['StartedAt'] ?? '', 'State.StartedAt')) || 0,
    exitCode: typeof state['ExitCode'] === 'number' ? state['ExitCode'] : 0,
    stopSignal: signalNumber(text(config['StopSignal'] ?? '', 'Config.StopSignal')) ?? SIGTERM,
    stopTimeoutMs: stopTimeoutMsOf(config['StopTimeout']),
    hostname: text(config['Hostname'] ?? '', 'Config.Hostname'),
    domainname: text(config['Domainname'] ?? '', 'Config.Domainname'),
    labels: textMap(config['Labels'] ?? {}, 'Config.Labels'),
    isAutoRemoved: hostConfig['AutoRemove'] === true,
    env: readEnv(config['Env'] ?? []),
    networkMode: text(hostConfig['NetworkMode'] ?? '', 'HostConfig.NetworkMode'),
    tcpPorts: portsOf('tcp', [exposed, planned, bound]),
    udpPorts: portsOf('udp', [exposed, planned, bound]),
    published: bindingsOf('tcp', bound),
    hostPorts: hostPortsOf([bindingsOf('tcp', planned), bindingsOf('tcp', bound)]),
    publishedUdp: bindingsOf('udp', bound),
    attachments: attachmentsOf(record(network['Networks'] ?? {}, 'NetworkSettings.Networks')),
  };
}

/** Names from an engine may be `__proto__`: only own keys of this record are ever read. */
type Json = Readonly<Record<string, unknown>>;

function idOf(value: unknown): string {
  const id = text(value, 'Id');
  if (!/^[0-9a-f]{12,64}$/.test(id)) throw new TypeError(`Id: expected hexadecimal digits, found ${id.slice(0, 80)}`);
  return id;
}

function stateOf(value: unknown): EngineState {
  const status = text(value, 'State.Status');
  if (ENGINE_STATES.has(status)) return status as EngineState;
  throw new TypeError(`State.Status: ${status.slice(0, 80)} is no state of a container`);
}

function healthOf(value: unknown): Health {
  if (value === undefined || value === null) return 'none';
  const status = record(value, 'State.Health')['Status'];
  return typeof status === 'string' && HEALTHS.has(status) ? (status as Health) : 'none';
}

/** `Config.StopTimeout`, in seconds; below zero: as long as it likes. */
export function stopTimeoutMsOf(value: unknown): number {
  const seconds = typeof value === 'number' ? value : DEFAULT_STOP_TIMEOUT_S;
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1_000;
}

function portsOf(transport: 'tcp' | 'udp', sources: readonly Json[]): readonly number[] {
  const ports = sources.flatMap((source) => Object.keys(source)).map((key) => portOf(transport, key));
  return [...new Set(ports.filter((port) => port !== undefined))].sort((a, b) => a - b);
}

/** `80/tcp`, `53/udp`, `80` (which is TCP); undefined for other protocols. */
function portOf(transport: 'tcp' | 'udp', key: string): number | undefined {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(key) ?? [];
  const port = Number(digits ?? 0);
  return protocol === transport && port > 0 && port <= 65_535 ? port : undefined;
}

function bindingsOf(transport: 'tcp' | 'udp', ports: Json): ReadonlyMap<number, readonly PortBinding[]> {
  const published = new Map<number, readonly PortBinding[]>();
  for (const [key, list] of Object.entries(ports)) {
    const port = portOf(transport, key);
    if (port === undefined || !Array.isArray(list)) continue;
    const bindings = list.map((entry: unknown) => {
      const binding = record(entry, `NetworkSettings.Ports[${key}]`);
      return { address: text(binding['HostIp'] ?? '', 'HostIp'), port: Number(binding['HostPort'] ?? 0) };
    });
    published.set(
      port,
      bindings.filter((binding) => binding.port > 0 && binding.port <= 65_535),
    );
  }
  return published;
}

function hostPortsOf(sources: readonly ReadonlyMap<number, readonly PortBinding[]>[]): readonly number[] {
  const ports = sources.flatMap((bindings) => [...bindings.values()].flat()).map(({ port }) => port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

function attachmentsOf(networks: Json): readonly Attachment[] {
  const attachments = Object.entries(networks).map(([network, value]) => {
    const endpoint = record(value, `NetworkSettings.Networks[${network}]`);
    const part = (key: string): string => text(endpoint[key] ?? '', key);
    return {
      network,
      networkId: part('NetworkID'),
      address: part('IPAddress') || part('GlobalIPv6Address'),
      gateway: part('Gateway') || part('IPv6Gateway'),
    };
  });
  return attachments.sort((a, b) => (a.network < b.network ? -1 : 1));
}

/** `Config.Env`. @throws TypeError */
export function readEnv(value: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(value)) throw new TypeError(`Config.Env: expected a list, found ${kindOf(value)}`);
  const env = new Map<string, string>();
  for (const [index, entry] of value.entries()) {
    const line = text(entry, `Config.Env[${index}]`);
    const equals = line.indexOf('=');
    // `docker run -e NAME` of a variable that is not set leaves the bare name.
    if (equals > 0) env.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return env;
}

export function record(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new TypeError(`${where}: expected an object, found ${kindOf(value)}`);
}

export function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${where}: expected a text, found ${kindOf(value)}`);
}

export function textMap(value: unknown, where: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(record(value, where)).map(([key, entry]) => [key, text(entry, `${where}[${key}]`)]));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
