import type { EngineStatus } from '@dproxy/discovery';

/** One line per engine for the banner. */
export function describeEngines(statuses: readonly EngineStatus[]): string[] {
  if (statuses.length === 0) return ['none: switched off'];
  return statuses.map(({ engine, state, reason, version, containers }) => {
    if (state === 'connected') return `${engine}: version ${version}, ${containers} containers`;
    return `${engine}: not found (${reason}); looked for again and again`;
  });
}
