import Docker from 'dockerode';
import type { EngineAccess } from './engine.ts';
import { NODE_IMAGE } from './images.ts';

export interface ContainerSpec {
  readonly name?: string;
  /** Default: the node origin, which is told its name. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  readonly domainname?: string;
  /** Name of a network, `host` or `none`; default: the engine's bridge. */
  readonly network?: string;
  /** TCP ports that the container declares beside its image's. */
  readonly expose?: readonly number[];
  /** Container port to `hostAddress:hostPort`; port 0 lets the engine choose. */
  readonly publish?: Readonly<Record<number, string>>;
  /** A shell command; exit 0 is healthy. Runs every 100 ms, one failure is enough. */
  readonly health?: string;
  /** Default SIGKILL: as process 1 most programs ignore SIGTERM, and a test would wait ten seconds for it. */
  readonly stopSignal?: string;
  /** Folders of this machine, by their path in the container. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Default `no`. */
  readonly restart?: 'no' | 'always' | 'unless-stopped';
  /** False: only created. Default true. */
  readonly start?: boolean;
}

/** A container in dockerode's hands: `start`, `stop`, `pause`, `rename`, `inspect`, ... */
export type DockerContainer = Docker.Container;

/** dockerode against a test engine. */
export function dockerOf(engine: EngineAccess): Docker {
  return new Docker({ socketPath: engine.socketPath });
}

/** Creates and starts a container; resolves when the engine says that it runs. */
export async function runContainer(engine: EngineAccess, spec: ContainerSpec = {}): Promise<DockerContainer> {
  const container = await dockerOf(engine).createContainer(createOptions(spec));
  if (spec.start !== false) await container.start();
  return container;
}

function createOptions(spec: ContainerSpec): Docker.ContainerCreateOptions {
  const env = { ...(spec.name === undefined ? {} : { NAME: spec.name }), ...spec.env };
  const ports = [...(spec.expose ?? []), ...Object.keys(spec.publish ?? {})];
  return {
    Image: spec.image ?? NODE_IMAGE,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(spec.domainname === undefined ? {} : { Domainname: spec.domainname }),
    ...(spec.health === undefined ? {} : { Healthcheck: healthcheck(spec.health) }),
    Labels: { ...spec.labels },
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    StopSignal: spec.stopSignal ?? 'SIGKILL',
    HostConfig: {
      NetworkMode: spec.network ?? 'default',
      PortBindings: portBindings(spec.publish ?? {}),
      Binds: Object.entries(spec.folders ?? {}).map(([inside, outside]) => `${outside}:${inside}`),
      RestartPolicy: { Name: spec.restart ?? 'no' },
    },
  };
}

const MS = 1_000_000;

function healthcheck(command: string): Docker.HealthConfig {
  return { Test: ['CMD-SHELL', command], Interval: 100 * MS, Timeout: 5_000 * MS, Retries: 1, StartPeriod: 0 };
}

function portBindings(publish: Readonly<Record<number, string>>): Docker.PortMap {
  return Object.fromEntries(
    Object.entries(publish).map(([port, target]) => {
      const colon = target.lastIndexOf(':');
      return [`${port}/tcp`, [{ HostIp: target.slice(0, colon), HostPort: target.slice(colon + 1) }]];
    }),
  );
}
