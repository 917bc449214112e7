import { resolve } from 'node:path';
import type { Rejection, RouteDefinition, SourceState } from '@dproxy/core';

export interface PluginNames {
  readonly plugins: readonly { readonly name: string; readonly module: string }[];
  readonly configFolder: string;
}

/**
 * Replaces the names of plugins by the modules that dproxy.yml gives them. A file entry may also name a module itself; a
 * container only names that the operator has listed, since a module runs in every worker.
 */
export function resolvePlugins(state: SourceState, { plugins, configFolder }: PluginNames): SourceState {
  if (!state.definitions.some((definition) => definition.plugins.length > 0)) return state;
  const modules = new Map(plugins.map(({ name, module }) => [name, module]));
  const isFile = state.source.startsWith('file:');
  const rejected: Rejection[] = [];
  const definitions: RouteDefinition[] = [];
  for (const definition of state.definitions) {
    const unknown = isFile ? undefined : definition.plugins.find((name) => !modules.has(name));
    if (unknown !== undefined) rejected.push(refuse(definition, unknown, [...modules.keys()]));
    else definitions.push(withModules(definition, modules, configFolder));
  }
  return { source: state.source, definitions, rejected: [...state.rejected, ...rejected] };
}

function withModules(
  definition: RouteDefinition,
  modules: ReadonlyMap<string, string>,
  folder: string,
): RouteDefinition {
  if (definition.plugins.length === 0) return definition;
  const plugins = definition.plugins.map((name) => modules.get(name) ?? fromFolder(name, folder));
  return { ...definition, plugins };
}

/** `./auth.js` and `../auth.js` are relative to dproxy.yml; anything else is a package, an absolute path or built in. */
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
