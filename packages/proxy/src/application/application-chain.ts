import {
  APPLICATION_FILTERS,
  canonicalJson,
  type BufferFilter,
  type CompressFilter,
  type PluginUse,
  type Route,
} from '@dproxy/core';

/** What the requests of a route pass within the process: the user's plugins, and the filters that need bodies. */
export interface ApplicationChain {
  /** The same for routes that may share an application. */
  readonly key: string;
  readonly plugins: readonly PluginUse[];
  readonly filters: readonly (CompressFilter | BufferFilter)[];
}

type Chained = Pick<Route, 'plugins' | 'filters'>;

/** Routes are immutable and shared between Snapshots, so each is looked at once. */
const known = new WeakMap<Chained, ApplicationChain | undefined>();

/** Undefined for a route of the direct path. */
export function applicationChain(route: Chained): ApplicationChain | undefined {
  if (known.has(route)) return known.get(route);
  const chain = chainOf(route);
  known.set(route, chain);
  return chain;
}

function chainOf({ plugins, filters }: Chained): ApplicationChain | undefined {
  const own = filters.filter((filter) => filter.type === 'compress' || filter.type === 'buffer');
  if (plugins.length === 0 && own.length === 0) return undefined;
  return { key: canonicalJson([plugins, own]), plugins, filters: own };
}

/** For the log. */
export function describeChain({ plugins, filters }: Chained): string {
  const own = filters.filter(({ type }) => APPLICATION_FILTERS.has(type)).map(({ type }) => type);
  return [...plugins.map(({ module }) => module), ...own].join(', ');
}
