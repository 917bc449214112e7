import { findOwnContainer, DockerDiscovery, type DiscoverySettings, type EngineStatus } from '@dproxy/discovery';
import { sameValue, type ContainerView, type EngineEndpoint, type Log, type SourceState } from '@dproxy/core';
import type { Settings } from '@dproxy/config';

interface Running {
  readonly endpoint: EngineEndpoint;
  readonly settings: DiscoverySettings;
  readonly discovery: DockerDiscovery;
}

export interface EnginesOptions {
  readonly log: Log;
  readonly publish: (state: SourceState) => void;
  /** An engine that the settings no longer name takes its routes with it. */
  readonly remove: (source: string) => void;
}

/** One discovery per engine of the settings; follows changes of the settings. */
export class Engines {
  readonly #options: EnginesOptions;
  #running = new Map<string, Running>();
  #ownContainerId = '';

  constructor(options: EnginesOptions) {
    this.#options = options;
  }

  /** Resolves when each engine was listed, or could not be reached at the first attempt. */
  async follow({ docker, listeners }: Pick<Settings, 'docker' | 'listeners'>): Promise<void> {
    this.#ownContainerId ||= await findOwnContainer();
    const { engines, trustImages, exposedByDefault, dialects } = docker;
    const settings: DiscoverySettings = {
      trustImages,
      exposedByDefault,
      dialects,
      listeners: listeners.map(({ id }) => id),
      ownContainerId: this.#ownContainerId,
      hostReachesBridges: process.platform === 'linux',
    };
    const before = this.#running;
    this.#running = new Map();
    const started: Promise<void>[] = [];
    for (const endpoint of engines) {
      const old = before.get(endpoint.name);
      if (old !== undefined && sameValue(old.endpoint, endpoint) && sameValue(old.settings, settings)) {
        this.#running.set(endpoint.name, old);
        before.delete(endpoint.name);
        continue;
      }
      const discovery = new DockerDiscovery({ endpoint, log: this.#options.log, settings });
      this.#running.set(endpoint.name, { endpoint, settings, discovery });
      started.push(discovery.start(this.#options.publish));
    }
    await Promise.all([...started, ...[...before.values()].map((old) => this.#end(old))]);
  }

  statuses(): EngineStatus[] {
    return [...this.#running.values()].map(({ discovery }) => discovery.status());
  }

  containers(): ContainerView[] {
    return [...this.#running.values()].flatMap(({ discovery }) => discovery.containers());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ discovery }) => discovery.stop()));
  }

  async #end({ discovery, endpoint }: Running): Promise<void> {
    await discovery.stop();
    if (!this.#running.has(endpoint.name)) this.#options.remove(discovery.name);
  }
}
