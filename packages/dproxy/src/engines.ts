import { findOwnContainer, DockerDiscovery, type DiscoverySettings, type EngineStatus } from '@dproxy/discovery';
import { sameValue, type ContainerView, type EngineEndpoint, type Log, type SourceState } from '@dproxy/core';
import type { Settings } from '@dproxy/config';
import { HtpasswdFolder } from './htpasswd-folder.ts';
import { nginxProxyFacts } from './nginx-proxy-facts.ts';

interface Running {
  readonly endpoint: EngineEndpoint;
  readonly settings: DiscoverySettings;
  readonly discovery: DockerDiscovery;
}

type FollowedSettings = Pick<Settings, 'docker' | 'wake' | 'listeners' | 'acme' | 'ownership'>;

export interface EnginesOptions {
  readonly log: Log;
  readonly publish: (state: SourceState) => void;
  /** An engine that the settings no longer name takes its routes with it. */
  readonly remove: (source: string) => void;
}

/** One discovery per engine of the settings; follows changes of the settings. */
export class Engines {
  readonly #options: EnginesOptions;
  readonly #htpasswd: HtpasswdFolder;
  #running = new Map<string, Running>();
  #ownContainerId = '';
  /** One change after the other: each starts from what the one before has left. */
  #turn: Promise<void> = Promise.resolve();
  #followed: FollowedSettings | undefined;

  constructor(options: EnginesOptions) {
    this.#options = options;
    this.#htpasswd = new HtpasswdFolder(options.log, () => void this.#followAgain());
  }

  /** Resolves when each engine was listed, or could not be reached at the first attempt. */
  async follow(settings: FollowedSettings): Promise<void> {
    this.#followed = settings;
    const turn = this.#turn.then(() => this.#follow(settings));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  /** Password files have changed. */
  async #followAgain(): Promise<void> {
    try {
      if (this.#followed !== undefined) await this.follow(this.#followed);
    } catch (error) {
      this.#options.log.error({ error }, 'a change of password files cannot be followed');
    }
  }

  async #follow({ docker, wake, listeners, acme, ownership }: FollowedSettings): Promise<void> {
    this.#ownContainerId ||= await findOwnContainer();
    const { engines, trustImages, exposedByDefault, readiness } = docker;
    const settings: DiscoverySettings = {
      trustImages,
      exposedByDefault,
      readiness,
      dialects: { ...docker.dialects, nginxProxy: await nginxProxyFacts({ docker, acme }, this.#htpasswd) },
      isOwnedByProject: ownership === 'project',
      wake,
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
    this.#htpasswd.stop();
    await Promise.all([...this.#running.values()].map(({ discovery }) => discovery.stop()));
  }

  async #end({ discovery, endpoint }: Running): Promise<void> {
    await discovery.stop();
    if (!this.#running.has(endpoint.name)) this.#options.remove(discovery.name);
  }
}
