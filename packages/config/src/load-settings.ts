import { mergeLastGood } from './file/merge-last-good.ts';
import type { ParsedFile } from './file/parsed-file.ts';
import type { Facts } from './settings/facts.ts';
import type { Environment } from './settings/inputs.ts';
import { readEnvironment } from './settings/read-environment.ts';
import { resolveSettings, type Resolved } from './settings/resolve-settings.ts';
import type { Flags } from './settings/variables.ts';
import { readLastGood } from './watch/last-good-file.ts';
import { toParsedFile } from './watch/load-file.ts';
import { isBeingWritten, readFile } from './watch/read-file.ts';

export interface LoadOptions {
  readonly env: Environment;
  readonly flags: Flags;
  readonly facts: Facts;
  readonly nowMs: number;
}

export interface LoadedSettings extends Resolved {
  /** What the file says; null where there is none. */
  readonly file: ParsedFile | null;
  /** The version of the file before it was broken, as the state folder keeps it; null where there is none. */
  readonly lastGood: ParsedFile | null;
  /** The settings after a change of the file, with the same flags and variables. */
  readonly resolve: (file: ParsedFile) => Resolved;
}

/** Everything that dproxy is told at its start. Does not throw: look at `problems` first. */
export function loadSettings({ env, flags, facts, nowMs }: LoadOptions): LoadedSettings {
  const overrides = readEnvironment(env, flags, facts);
  const { path, isNamed } = overrides.config;
  const read = facts.fileExists(path) ? readFile(path) : null;
  const file = read === null ? null : toParsedFile(path, read, nowMs);
  const resolve = (changed: ParsedFile | null): Resolved => resolveSettings({ env, facts, overrides }, changed);
  const resolved = resolve(file);
  const { state } = resolved.settings.paths;
  const lastGood = readLastGood(state, path);
  if (read !== null && lastGood !== null && isBeingWritten(read, nowMs))
    return { ...resolve(lastGood), file: lastGood, resolve, lastGood };
  if (file !== null && file.rejected.length > 0 && lastGood !== null) {
    const merged = mergeLastGood(lastGood, file);
    return { ...resolve(merged), file: merged, resolve, lastGood };
  }
  const warnings = [...resolved.warnings];
  if (file === null && isNamed) warnings.push(`${path} does not exist; it is used as soon as it does`);
  return { ...resolved, warnings, file, resolve, lastGood };
}
