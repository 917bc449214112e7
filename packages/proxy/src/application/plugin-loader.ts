import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginUse } from '@dproxy/core';
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from 'fastify';

export type Plugin = FastifyPluginAsync | FastifyPluginCallback;

export interface PluginLoaderOptions {
  /** Absolute folder that relative paths and package names start from: the one that dproxy.yml is in. */
  readonly baseFolder: string;
  /** Plugins that are there without a module, by name. */
  readonly builtIn?: ReadonlyMap<string, Plugin>;
}

/** Finds the Fastify plugin that a route names. Only the configuration names plugins, never a container. */
export class PluginLoader {
  readonly #baseFolder: string;
  readonly #builtIn: ReadonlyMap<string, Plugin>;

  constructor(options: PluginLoaderOptions) {
    this.#baseFolder = resolve(options.baseFolder);
    this.#builtIn = options.builtIn ?? new Map();
  }

  /**
   * @param name a built-in name, a path (`./auth.js`, `/etc/dproxy/auth.js`) or a package
   * @throws Error that says what was looked for, where, and what was found
   */
  async load(name: string): Promise<Plugin> {
    const builtIn = this.#builtIn.get(name);
    if (builtIn !== undefined) return builtIn;
    const path = this.#resolve(name);
    // A module that failed once is remembered as failed: the file in another state must have another address.
    const module = (await import(`${pathToFileURL(path).href}?${await stampOf(path)}`)) as {
      readonly default?: unknown;
    };
    const plugin = pluginOf(module.default);
    if (plugin === undefined) {
      throw new TypeError(
        `${path}: the default export is ${typeof module.default}, expected a Fastify plugin function`,
      );
    }
    return plugin;
  }

  /** Another text when the file of one of these plugins has changed, come or gone. */
  async stamp(uses: readonly PluginUse[]): Promise<string> {
    const stamps = uses.map(async ({ module }) => {
      if (this.#builtIn.has(module)) return '';
      try {
        return await stampOf(this.#resolve(module));
      } catch (error) {
        // A package that is not there is what `load` tells about.
        if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return 'none';
        throw error;
      }
    });
    return (await Promise.all(stamps)).join(' ');
  }

  #resolve(name: string): string {
    if (isAbsolute(name)) return name;
    if (name.startsWith('./') || name.startsWith('../')) return resolve(this.#baseFolder, name);
    return createRequire(resolve(this.#baseFolder, 'dproxy.yml')).resolve(name);
  }
}

/** `none`: there is no such file. */
async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs}-${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
}

/** A CommonJS module that was compiled from ESM has its default export one level deeper. */
function pluginOf(exported: unknown): Plugin | undefined {
  if (typeof exported === 'function') return exported as Plugin;
  if (typeof exported !== 'object' || exported === null || !('default' in exported)) return undefined;
  return typeof exported.default === 'function' ? (exported.default as Plugin) : undefined;
}

/**
 * A plugin without encapsulation, so that its hooks reach the route that forwards (what `fastify-plugin` does for those
 * that ask for it). Each list of plugins has an instance of its own: there is nothing else that they could reach.
 */
export function withoutEncapsulation(plugin: Plugin): Plugin {
  const wrapped: Plugin =
    plugin.length > 2
      ? (app: FastifyInstance, options: object, done: (error?: Error) => void) => {
          void plugin(app, options, done);
        }
      : async (app: FastifyInstance, options: object) => {
          await (plugin as FastifyPluginAsync)(app, options);
        };
  return Object.assign(wrapped, { [Symbol.for('skip-override')]: true });
}
