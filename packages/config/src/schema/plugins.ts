import { z } from 'zod';
import type { Json, PluginUse } from '@dproxy/core';
import { field, required, section, text } from './field.ts';

const MODULE = 'a module: a path such as ./auth.ts, or the name of a package';

/** `plugins` at the top: `name: module`, or `name: {use, with}`. */
export function namedPlugins() {
  return z.record(z.string(), pluginUse(MODULE), { error: 'a map of names to modules, or to {use, with}' });
}

/** An entry of `plugins` of a route: a name under `plugins`, a module, or `{use, with}` with either. */
export function pluginUse(what = 'the name of a plugin, or a module') {
  const short = text(what).transform((module): PluginUse => ({ module, options: {} }));
  const detailed = section({
    use: required(text(what), { meaning: 'The module: a path, relative to this file, or the name of a package' }),
    with: field(options(), { meaning: 'What the plugin is registered with', default: 'nothing' }),
  }).transform(({ use, with: given }): PluginUse => ({ module: use, options: given ?? {} }));
  return z.union([short, detailed], { error: `${what}, or {use, with}` });
}

function options() {
  return z
    .record(z.string(), z.json({ error: 'texts, numbers, true, false, lists and maps' }), { error: 'a map of options' })
    .transform((value) => value as { readonly [key: string]: Json });
}
