import { ProxyError, type Log, type Snapshot } from '@dproxy/core';
import type { ApplicationExchange } from './application-exchange.ts';
import type { MemorySocket } from './memory-socket.ts';
import type { PluginApplication } from './plugin-application.ts';
import type { PluginLoader } from './plugin-loader.ts';

export interface ApplicationPathOptions {
  readonly loader: PluginLoader;
  readonly log: Log;
}

/** Resolves to undefined when its plugins could not be loaded, which the log says. */
type Loading = Promise<PluginApplication | undefined>;

/**
 * All plugin applications of one worker, by their list of plugins: routes with the same list share one, so that a plugin
 * that counts requests counts them together. A list that cannot be loaded harms only the routes that name it.
 */
export class ApplicationPath {
  readonly #options: ApplicationPathOptions;
  readonly #applications = new Map<string, Loading>();

  constructor(options: ApplicationPathOptions) {
    this.#options = options;
  }

  /**
   * Begins to load what the Snapshot names, and lets go of what it does not name any more once that is idle. Requests wait
   * for their plugins; the Snapshot does not.
   */
  apply({ routes }: Pick<Snapshot, 'routes'>): void {
    const wanted = new Map<string, readonly string[]>();
    for (const { plugins } of routes.values()) {
      if (plugins.length > 0) wanted.set(keyOf(plugins), plugins);
    }
    for (const [key, loading] of this.#applications) {
      if (!wanted.has(key)) this.#retire(key, loading);
    }
    for (const [key, plugins] of wanted) {
      if (!this.#applications.has(key)) this.#applications.set(key, this.#load(plugins));
    }
  }

  /**
   * A connection that speaks HTTP/1.1 to the plugins of the route and carries one request; waits while they load.
   * @throws ProxyError `plugin-unknown` when they could not be loaded
   */
  async connect(exchange: ApplicationExchange): Promise<MemorySocket> {
    const { plugins } = exchange.route;
    const application = await this.#applications.get(keyOf(plugins));
    if (application === undefined) throw new ProxyError('plugin-unknown', plugins.join(', '));
    return application.connect(exchange);
  }

  /** Cuts everything. */
  async close(): Promise<void> {
    const all = [...this.#applications.values()];
    this.#applications.clear();
    await Promise.all(all.map(async (loading) => (await loading)?.close()));
  }

  async #load(plugins: readonly string[]): Loading {
    const { loader, log } = this.#options;
    try {
      // Fastify costs memory and time at the start: only workers that have a use for it load it.
      const { PluginApplication: Application } = await import('./plugin-application.ts');
      return await Application.load({ plugins, loader, log });
    } catch (error) {
      log.error({ err: error, plugins }, 'plugins could not be loaded; their routes answer 500');
      return undefined;
    }
  }

  /** Requests finish with the Snapshot that they began with: the last one out closes the application. */
  #retire(key: string, loading: Loading): void {
    this.#applications.delete(key);
    loading
      .then((application) => application?.closeWhenIdle())
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error, plugins: key.split('\0') }, 'a plugin failed while it was closed');
      });
  }
}

/** Names are separated by what no name contains. */
function keyOf(plugins: readonly string[]): string {
  return plugins.join('\0');
}
