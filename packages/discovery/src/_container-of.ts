import type { Container } from './container.ts';

/** A running container on the default bridge that exposes port 80, for unit tests. */
export function containerOf(
  parts: Partial<Container> & {
    readonly labelled?: Readonly<Record<string, string>>;
    readonly variables?: Readonly<Record<string, string>>;
  } = {},
): Container {
  const { labelled, variables, ...rest } = parts;
  return {
    id: 'a1b2c3d4e5f6'.padEnd(64, '0'),
    name: 'web',
    image: 'example/web',
    imageId: 'sha256:1',
    createdMs: 1_000,
    state: 'running',
    health: 'none',
    startedMs: 2_000,
    exitCode: 0,
    isAutoRemoved: false,
    stopSignal: 15,
    stopTimeoutMs: 10_000,
    hostname: 'a1b2c3d4e5f6',
    domainname: '',
    labels: new Map(Object.entries(labelled ?? {})),
    env: new Map(Object.entries(variables ?? {})),
    networkMode: 'default',
    tcpPorts: [80],
    udpPorts: [],
    published: new Map(),
    hostPorts: [],
    publishedUdp: new Map(),
    attachments: [{ network: 'bridge', networkId: 'n-bridge', address: '172.17.0.2', gateway: '172.17.0.1' }],
    ...rest,
  };
}
