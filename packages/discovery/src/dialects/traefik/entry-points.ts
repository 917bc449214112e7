import type { DialectInput } from '../dialect.ts';
import type { TraefikSettings } from './options.ts';
import type { Section } from './section.ts';

/** Where a router is served. */
export interface Places {
  /** Listeners, by name. */
  readonly listeners: readonly string[];
  /** Ports that no listener has a name for. */
  readonly ports: readonly number[];
}

/** The names that nearly everybody uses for ports 80 and 443. */
const USUAL: ReadonlyMap<string, string> = new Map([
  ['web', 'http'],
  ['http', 'http'],
  ['websecure', 'https'],
  ['https', 'https'],
]);
/** `tcp-5432`, `udp53`, `port-8080`: names that say their port. */
const SAYS_PORT = /^(?:tcp|udp|port|ep|entrypoint)?[-_]?(\d{2,5})(?:[-_]?(?:tcp|udp))?$/;

/**
 * `entrypoints` of a router; undefined when it names none, so that it is served on all.
 *
 * Names of Traefik's static configuration, which no container has: the usual ones are known, others are found among dproxy's
 * listeners or in the options. One that is found nowhere is reported, and the router is served on the rest.
 */
export function readEntryPoints(
  section: Section,
  settings: Pick<TraefikSettings, 'entryPoints'>,
  { listeners }: Pick<DialectInput, 'listeners'>,
): Places | undefined {
  const names = section.list('entrypoints');
  if (names === undefined || names.length === 0) return undefined;
  const found = { listeners: new Set<string>(), ports: new Set<number>() };
  for (const written of names) {
    const name = written.toLowerCase();
    const target = settings.entryPoints.get(name) ?? USUAL.get(name) ?? listenerNamed(listeners, name) ?? portOf(name);
    if (typeof target === 'number') found.ports.add(target);
    else if (target !== undefined) found.listeners.add(target);
    else {
      section.note(
        'entrypoints',
        `no listener is called ${written.slice(0, 60)}`,
        `listen.${name}, or docker.dialects.traefik.entryPoints.${name}: <a listener or a port>, in dproxy.yml`,
      );
    }
  }
  return { listeners: [...found.listeners], ports: [...found.ports] };
}

function listenerNamed(listeners: ReadonlySet<string>, name: string): string | undefined {
  return [...listeners].find((listener) => listener.toLowerCase() === name);
}

function portOf(name: string): number | undefined {
  const port = Number(SAYS_PORT.exec(name)?.[1] ?? 0);
  if (port === 80 || port === 443) return undefined;
  return port > 0 && port <= 65_535 ? port : undefined;
}
