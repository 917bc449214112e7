/** A value of JSON, as a plugin gets its options. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A Fastify plugin that the requests of a route go through. */
export interface PluginUse {
  /**
   * In a definition: a name under `plugins` of dproxy.yml, or, in the file itself, a module. In a Route: an absolute path, or the
   * name of a package.
   */
  readonly module: string;
  /** What the plugin is registered with. */
  readonly options: { readonly [key: string]: Json };
}
