import { resolve } from 'node:path';
import type { PluginUse, Rejection, RouteDefinition, SourceState } from '@dproxy/core';

export interface PluginNames {
  readonly plugins: readonly (PluginUse & { readonly name: string })[];
  readonly configFolder: string;
}

/**
 * Replaces the names of plugins by the modules and options that dproxy.yml gives them. A file entry may also name a module
 * itself; a container only names that the operator has listed, since a module runs in every worker.
 */
export function resolvePlugins(state: SourceState, { plugins, configFolder }: PluginNames): SourceState {
  if (!state.definitions.some((definition) => definition.plugins.length > 0)) return state;
  const known = new Map(plugins.map(({ name, module, options }) => [name, { module, options }]));
  const isFile = state.source.startsWith('file:');
  const rejected: Rejection[] = [];
  const definitions: RouteDefinition[] = [];
  for (const definition of state.definitions) {
    const unknown = isFile ? undefined : definition.plugins.find(({ module }) => !known.has(module));
    if (unknown !== undefined) rejected.push(refuse(definition, unknown.module, [...known.keys()]));
    else definitions.push(withModules(definition, known, configFolder));
  }
  return { ...state, definitions, rejected: [...state.rejected, ...rejected] };
}

function withModules(
  definition: RouteDefinition,
  known: ReadonlyMap<string, PluginUse>,
  folder: string,
): RouteDefinition {
  if (definition.plugins.length === 0) return definition;
  return { ...definition, plugins: definition.plugins.map((use) => resolveUse(use, known, folder)) };
}

/** What the route says beside the name takes the place of what is listed, key by key. */
function resolveUse(use: PluginUse, known: ReadonlyMap<string, PluginUse>, folder: string): PluginUse {
  const listed = known.get(use.module);
  if (listed === undefined) return { ...use, module: fromFolder(use.module, folder) };
  return { module: listed.module, options: { ...listed.options, ...use.options } };
}

/** `./auth.js` and `../auth.js` are relative to dproxy.yml; anything else is a package or an absolute path. */
function fromFolder(name: string, folder: string): string {
  return /^\.{1,2}\//.test(name) ? resolve(folder, name) : name;
}

function refuse({ origin }: RouteDefinition, name: string, known: readonly string[]): Rejection {
  return {
    source: `docker:${origin.name}`,
    line: 0,
    column: 0,
    message: `the plugin ${JSON.stringify(name)} is not listed under plugins in dproxy.yml`,
    expected: known.length === 0 ? 'no plugin: none is listed' : `one of ${known.join(', ')}`,
  };
}
