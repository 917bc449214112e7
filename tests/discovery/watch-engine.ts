import type { Backend, EngineEndpoint, RouteDefinition, SourceState } from '@dproxy/core';
import { DockerDiscovery, type DiscoverySettings, type DiscoveryTiming } from '@dproxy/discovery';
import { collectLog, type CollectedLog } from '@dproxy/testkit';

/** A discovery that runs, and what it published last. */
export interface Watch {
  readonly discovery: DockerDiscovery;
  readonly log: CollectedLog;
  readonly published: readonly SourceState[];
  definition(host: string): RouteDefinition | undefined;
  backends(host: string): readonly Backend[];
  /** The backend of a host, when it is in this state. */
  backend(host: string, state: string): Backend | undefined;
  /** It was published in this state at some time. */
  seen(host: string, state: string): boolean;
  /** The backends of a host, counted by state, are these and no others. */
  hasOnly(host: string, counts: Readonly<Record<string, number>>): boolean;
  stop(): Promise<void>;
}

const DEFAULT_SETTINGS: DiscoverySettings = {
  trustImages: false,
  exposedByDefault: true,
  dialects: {},
  listeners: ['http', 'https'],
  ownContainerId: '',
  hostReachesBridges: true,
};

function socketEndpoint(socketPath: string): EngineEndpoint {
  return { name: `unix://${socketPath}`, socketPath, host: '', port: 0, tls: null };
}

export async function watchEngine(
  where: string | EngineEndpoint,
  settings: Partial<DiscoverySettings> = {},
  timing: DiscoveryTiming = { callTimeoutMs: 10_000, pingEveryMs: 10_000 },
): Promise<Watch> {
  const endpoint = typeof where === 'string' ? socketEndpoint(where) : where;
  const log = collectLog();
  const discovery = new DockerDiscovery({ endpoint, log, settings: { ...DEFAULT_SETTINGS, ...settings }, timing });
  const published: SourceState[] = [];
  await discovery.start((state) => published.push(state));
  const definitions = (state: SourceState | undefined, host: string) =>
    (state?.definitions ?? []).filter(({ hosts }) => hosts.includes(host));
  const backendsIn = (state: SourceState | undefined, host: string) =>
    definitions(state, host).flatMap(({ backends }) => backends);
  const backends = (host: string) => backendsIn(published.at(-1), host);
  return {
    discovery,
    log,
    published,
    definition: (host) => definitions(published.at(-1), host)[0],
    backends,
    backend: (host, state) => backends(host).find((each) => each.state === state),
    seen: (host, state) => published.some((each) => backendsIn(each, host).some((backend) => backend.state === state)),
    hasOnly: (host, counts) => {
      const states = backends(host).map(({ state }) => state);
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return (
        states.length === total &&
        Object.entries(counts).every(([state, count]) => states.filter((each) => each === state).length === count)
      );
    },
    stop: () => discovery.stop(),
  };
}
