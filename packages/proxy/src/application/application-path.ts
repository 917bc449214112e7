import { ProxyError, type Log, type Snapshot } from '@dproxy/core';
import { applicationChain, describeChain, type ApplicationChain } from './application-chain.ts';
import type { ApplicationExchange } from './application-exchange.ts';
import type { MemorySocket } from './memory-socket.ts';
import type { PluginApplication } from './plugin-application.ts';
import type { PluginLoader } from './plugin-loader.ts';

export interface ApplicationPathOptions {
  readonly loader: PluginLoader;
  readonly log: Log;
}

interface Entry {
  readonly chain: ApplicationChain;
  /** Undefined: its plugins could not be loaded, which the log says, with the stack. */
  loading: Promise<PluginApplication | undefined>;
  /** Of the modules that could not be loaded, as they were then; empty: nothing is wrong. */
  brokenStamp: string;
  isLooking: boolean;
}

/**
 * All applications of one worker, by their chain of plugins and filters: routes with the same chain share one, so that a plugin
 * that counts requests counts them together. A plugin that cannot be loaded is quarantined: the routes that name it answer 503,
 * everything else serves, and when its file changes it is tried again.
 */
export class ApplicationPath {
  readonly #options: ApplicationPathOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ApplicationPathOptions) {
    this.#options = options;
  }

  /**
   * Begins to load what the Snapshot names, and lets go of what it does not name any more once that is idle. Requests wait
   * for their plugins; the Snapshot does not.
   */
  apply({ routes }: Pick<Snapshot, 'routes'>): void {
    const wanted = new Map<string, ApplicationChain>();
    for (const route of routes.values()) {
      const chain = applicationChain(route);
      if (chain !== undefined) wanted.set(chain.key, chain);
    }
    for (const [key, entry] of this.#entries) if (!wanted.has(key)) this.#retire(key, entry);
    for (const [key, chain] of wanted) {
      if (!this.#entries.has(key)) this.#entries.set(key, this.#begin(chain));
    }
  }

  /**
   * A connection that speaks HTTP/1.1 to the plugins of the route and carries one request; waits while they load.
   * @throws ProxyError `plugin-broken` when they could not be loaded
   */
  async connect(exchange: ApplicationExchange): Promise<MemorySocket> {
    const key = applicationChain(exchange.route)?.key ?? '';
    const entry = this.#entries.get(key);
    const application = await entry?.loading;
    if (application !== undefined) return application.connect(exchange);
    if (entry !== undefined) this.#lookAgain(entry);
    throw new ProxyError('plugin-broken', describeChain(exchange.route));
  }

  /** Cuts everything. */
  async close(): Promise<void> {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(all.map(async ({ loading }) => (await loading)?.close()));
  }

  #begin(chain: ApplicationChain): Entry {
    const entry: Entry = { chain, loading: Promise.resolve(undefined), brokenStamp: '', isLooking: false };
    entry.loading = this.#load(entry);
    return entry;
  }

  async #load(entry: Entry): Promise<PluginApplication | undefined> {
    const { loader, log } = this.#options;
    const { chain } = entry;
    // Before the attempt: what is mended meanwhile is another stamp.
    const stamp = await loader.stamp(chain.plugins);
    try {
      // Fastify costs memory and time at the start: only workers that have a use for it load it.
      const { PluginApplication: Application } = await import('./plugin-application.ts');
      const application = await Application.load({ chain, loader, log });
      entry.brokenStamp = '';
      return application;
    } catch (error) {
      entry.brokenStamp = stamp;
      log.error({ err: error, plugins: describeChain(chain) }, 'a plugin cannot be loaded; its routes answer 503');
      return undefined;
    }
  }

  /** One look at a time, after a request has failed. */
  #lookAgain(entry: Entry): void {
    if (entry.isLooking) return;
    entry.isLooking = true;
    this.#reload(entry)
      .catch((error: unknown) => {
        const plugins = describeChain(entry.chain);
        this.#options.log.error({ err: error, plugins }, 'the files of a plugin cannot be looked at');
      })
      .finally(() => {
        entry.isLooking = false;
      });
  }

  async #reload(entry: Entry): Promise<void> {
    const stamp = await this.#options.loader.stamp(entry.chain.plugins);
    if (stamp !== entry.brokenStamp) entry.loading = this.#load(entry);
  }

  /** Requests finish with the Snapshot that they began with: the last one out closes the application. */
  #retire(key: string, { loading, chain }: Entry): void {
    this.#entries.delete(key);
    loading
      .then((application) => application?.closeWhenIdle())
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error, plugins: describeChain(chain) }, 'a plugin failed while it was closed');
      });
  }
}
