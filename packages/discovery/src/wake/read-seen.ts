import { record, stopTimeoutMsOf, text, textMap } from '../container.ts';
import type { SeenContainer, WantedNetwork } from './wake-engine.ts';

const STATES: ReadonlySet<unknown> = new Set([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
const HEALTHS: ReadonlySet<unknown> = new Set(['starting', 'healthy', 'unhealthy']);
/** Networks that are always there. */
const BUILT_IN: ReadonlySet<string> = new Set(['', 'default', 'bridge', 'host', 'none', 'nat']);
const NETWORK_NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
const MAX_ALIASES = 64;

/** @param inspect the answer to `GET /containers/<id>/json`. @throws TypeError that says what is not as the Docker API says */
export function readSeen(inspect: unknown): SeenContainer {
  const root = record(inspect, 'container');
  const state = record(root['State'], 'State');
  const config = record(root['Config'], 'Config');
  const id = text(root['Id'], 'Id');
  const labels = textMap(config['Labels'] ?? {}, 'Config.Labels');
  const mode = text(record(root['HostConfig'] ?? {}, 'HostConfig')['NetworkMode'] ?? '', 'HostConfig.NetworkMode');
  const status = state['Status'];
  if (!STATES.has(status))
    throw new TypeError(`State.Status: ${String(status).slice(0, 80)} is no state of a container`);
  return {
    id,
    state: status as SeenContainer['state'],
    health: healthOf(state['Health']),
    exitCode: numberOf(state['ExitCode']),
    startedMs: timeOf(state['StartedAt'], 'State.StartedAt'),
    endedMs: timeOf(state['FinishedAt'], 'State.FinishedAt'),
    restarts: numberOf(root['RestartCount']),
    stopTimeoutMs: stopTimeoutMsOf(config['StopTimeout']),
    hasTerminal: config['Tty'] === true,
    networkOf: /^container:(\S+)$/.exec(mode)?.[1] ?? '',
    project: labels.get('com.docker.compose.project') ?? '',
    networks: networksOf(root, { id, mode, service: labels.get('com.docker.compose.service') ?? '' }),
  };
}

function healthOf(value: unknown): SeenContainer['health'] {
  if (value === undefined || value === null) return 'none';
  const status = record(value, 'State.Health')['Status'];
  return HEALTHS.has(status) ? (status as SeenContainer['health']) : 'none';
}

/** The year 1 stands for never. */
function timeOf(value: unknown, what: string): number {
  return Math.max(0, Date.parse(text(value ?? '', what)) || 0);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

interface Own {
  readonly id: string;
  readonly mode: string;
  readonly service: string;
}

/** Those that it remembers, and its first one, which it was taken out of when it remembers none of that name. */
function networksOf(root: Readonly<Record<string, unknown>>, own: Own): readonly WantedNetwork[] {
  const settings = record(root['NetworkSettings'] ?? {}, 'NetworkSettings');
  const known = Object.entries(record(settings['Networks'] ?? {}, 'NetworkSettings.Networks'))
    .filter(([name]) => !BUILT_IN.has(name) && NETWORK_NAME.test(name))
    .map(([name, value]): WantedNetwork => {
      const endpoint = record(value, `NetworkSettings.Networks[${name}]`);
      const id = text(endpoint['NetworkID'] ?? '', 'NetworkID');
      return { name, id, isJoined: true, aliases: aliasesOf(endpoint['Aliases'], own) };
    });
  const isFirst = ({ name, id }: WantedNetwork): boolean => name === own.mode || (id !== '' && id === own.mode);
  const hasMode = !BUILT_IN.has(own.mode) && NETWORK_NAME.test(own.mode) && !/^[0-9a-f]{64}$/.test(own.mode);
  if (!hasMode || known.some(isFirst)) return known;
  return [...known, { name: own.mode, id: '', isJoined: false, aliases: aliasesOf(undefined, own) }];
}

/** The engine adds the short id by itself. */
function aliasesOf(value: unknown, { id, service }: Own): readonly string[] {
  const told = Array.isArray(value) ? value.filter((alias): alias is string => typeof alias === 'string') : [];
  const all = new Set([...(service === '' ? [] : [service]), ...told]);
  all.delete(id.slice(0, 12));
  return [...all].slice(0, MAX_ALIASES);
}
