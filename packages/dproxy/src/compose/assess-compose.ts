import type { RouteRow } from '@dproxy/admin/client';
import type { Settings } from '@dproxy/config';
import {
  buildSnapshot,
  sameValue,
  type Listener,
  type Route,
  type RouteAction,
  type Snapshot,
  type SnapshotResult,
  type StreamRoute,
} from '@dproxy/core';
import { describeTogether, type DiscoverySettings } from '@dproxy/discovery';
import { neighbourOf } from './neighbours.ts';
import type { ComposeFile, ComposeService } from './read-compose.ts';
import { routeWords } from './route-words.ts';
import { IMAGE_PORT } from './service-container.ts';

export interface ReportedRoute {
  readonly host: string;
  readonly path: string;
  readonly pathMatch: Route['pathMatch'];
  /** `local` answers on this machine only. */
  readonly audience: Route['audience'];
  /** Where requests go. */
  readonly to: string;
  readonly words: readonly string[];
  /** Compared with what a running dproxy serves; empty: there is none to compare with. */
  readonly change: string;
}

export interface ReportedStream {
  readonly listener: string;
  readonly host: string;
  readonly to: string;
}

export interface ReportedProblem {
  readonly message: string;
  readonly expected: string;
}

export interface ServiceReport {
  readonly service: string;
  readonly container: string;
  readonly image: string;
  readonly profiles: readonly string[];
  /** The proxy that it is, if dproxy comes in its place; empty: none. */
  readonly replaces: string;
  /** What stands in dproxy.yml for its variables. */
  readonly settings: readonly string[];
  readonly routes: readonly ReportedRoute[];
  readonly streams: readonly ReportedStream[];
  readonly problems: readonly ReportedProblem[];
}

export interface ComposeReport {
  readonly file: string;
  readonly services: readonly ServiceReport[];
  /** Of the file as a whole. */
  readonly problems: readonly ReportedProblem[];
}

export interface Surroundings {
  readonly settings: Settings;
  readonly discovery: DiscoverySettings;
  /** What a running dproxy serves; undefined: none runs. */
  readonly served: readonly RouteRow[] | undefined;
}

/** What dproxy would make of the containers of one compose file. Pure. */
export function assessCompose(file: ComposeFile, surroundings: Surroundings): ComposeReport {
  const containers = file.services.map(({ container }) => container).filter((each) => neighbourOf(each) === undefined);
  const { state } = describeTogether(file.path, containers, surroundings.discovery);
  const { settings } = surroundings;
  const merged = buildSnapshot({
    sources: [state],
    listeners: [...settings.listeners.map(listenerOf), ...settings.streamListeners],
    allowedPorts: settings.allowedPorts,
    settings: { ...settings.worker, ownAddresses: [] },
    certificates: [],
    pages: [],
    fallThrough: settings.fallThrough,
    https: settings.https,
  });
  return {
    file: file.path,
    services: file.services.map((service) => assessService(service, { file, merged, served: surroundings.served })),
    problems: file.notes.filter((note) => note.service === '').map(({ message, expected }) => ({ message, expected })),
  };
}

function listenerOf({ id, protocol, addresses, publicPort, proxyProtocol }: Settings['listeners'][number]): Listener {
  return { id, protocol, addresses, publicPort: publicPort || (addresses[0]?.port ?? 0), proxyProtocol };
}

interface Merged {
  readonly file: ComposeFile;
  readonly merged: SnapshotResult;
  readonly served: readonly RouteRow[] | undefined;
}

function assessService(
  { service, container, profiles }: ComposeService,
  { file, merged, served }: Merged,
): ServiceReport {
  const { snapshot, rejected, shadowed, shadowedStreams } = merged;
  const { name, image } = container;
  const isOwn = ({ origins }: Pick<Route, 'origins'>): boolean => origins.some((origin) => origin.name === name);
  const neighbour = neighbourOf(container);
  return {
    service,
    container: name,
    image,
    profiles,
    replaces: neighbour?.name ?? '',
    settings: neighbour?.settings ?? [],
    routes: [...snapshot.routes.values()].filter(isOwn).map((route) => reportRoute(route, snapshot, served)),
    streams: [...snapshot.streams.values()].filter(isOwn).map((stream) => reportStream(stream, snapshot)),
    problems: [
      ...file.notes.filter((note) => note.service === service),
      ...rejected.filter(({ source }) => source === `docker:${name}`),
      ...[...shadowed, ...shadowedStreams]
        .filter(({ origin }) => origin.name === name)
        .map((lost) => ({
          message: `${lost.host}${'path' in lost ? lost.path : ''}: ${lost.reason} (${lost.shadowedBy.name})`,
          expected: 'another host or path',
        })),
    ].map(({ message, expected }) => ({ message, expected })),
  };
}

function reportRoute(route: Route, snapshot: Snapshot, served: Merged['served']): ReportedRoute {
  const { host, path, pathMatch, audience, action } = route;
  const to = targetWords(action, snapshot);
  return { host, path, pathMatch, audience, to, words: routeWords(route), change: changeOf(route, served) };
}

function reportStream({ listenerId, host, backends }: StreamRoute, snapshot: Snapshot): ReportedStream {
  return { listener: listenerId, host, to: targetWords({ type: 'forward', backends }, snapshot) };
}

function targetWords(action: RouteAction, { backends }: Snapshot): string {
  switch (action.type) {
    case 'respond':
      return `answers ${action.status}`;
    case 'redirect':
      return `redirects (${action.status}) to ${action.location}`;
    case 'forward': {
      const targets = action.backends.map(({ backendId }) => backends.get(backendId));
      return [...new Set(targets.map((backend) => (backend === undefined ? 'nothing' : portWords(backend))))].join(
        ', ',
      );
    }
    default:
      return action satisfies never;
  }
}

function portWords({
  name,
  protocol,
  port,
  tlsVerify,
  reason,
}: NonNullable<ReturnType<Snapshot['backends']['get']>>): string {
  const where = port === IMAGE_PORT ? 'the port that its image declares' : `port ${port}`;
  const trust = (protocol === 'https' || protocol === 'h2') && !tlsVerify ? ', certificate not verified' : '';
  return `${name}, ${protocol}, ${where}${trust}${reason === '' ? '' : ` (${reason})`}`;
}

/** What tells two routes of the same host and path apart. Of filters the kinds: the admin API hides what is secret in them. */
const COMPARED = ['https', 'headers', 'balance', 'timeouts', 'priority', 'fallThrough'] as const;

function changeOf(route: Route, served: Merged['served']): string {
  if (served === undefined) return '';
  const rows = served.filter((row) => row.state === 'serving');
  const same = rows.find(({ id }) => id === route.id);
  const who = (row: RouteRow): string => row.origins.map(({ name }) => name).join(', ');
  if (same === undefined) {
    const beside = rows.find(({ host, path }) => host === route.host && path === route.path);
    return beside === undefined ? 'new' : `new, beside what ${who(beside)} has there`;
  }
  const kinds = ({ filters }: Pick<Route, 'filters'>): readonly string[] => filters.map(({ type }) => type);
  const differing: string[] = COMPARED.filter((part) => !sameValue(same[part], route[part]));
  if (!sameValue(kinds(same), kinds(route))) differing.push('filters');
  if (differing.length === 0) return `served already, by ${who(same)}`;
  return `served already, by ${who(same)}, with other ${differing.join(', ')}`;
}
