import type { LabelProblem } from '../dialect.ts';
import { problem, show, unusable } from './_problems.ts';
import type { Location } from './location.ts';
import type { SiteProtocol } from './site.ts';

const MAX_PROBLEMS = 50;

/** Collects what cannot be used while the rest is read. */
export class Refusals {
  readonly #problems: LabelProblem[] = [];

  get problems(): readonly LabelProblem[] {
    return this.#problems;
  }

  keep<T extends object | string>(read: T | LabelProblem): T | undefined {
    if (!isProblem(read)) return read;
    this.add(read);
    return undefined;
  }

  add(refused: LabelProblem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(refused);
  }
}

function isProblem(read: object | string): read is LabelProblem {
  return typeof read === 'object' && 'expected' in read;
}

const PROTOCOLS: ReadonlyMap<string, SiteProtocol> = new Map([
  ['', 'http'],
  ['http', 'http'],
  ['https', 'https'],
  ['grpc', 'h2c'],
  ['grpcs', 'h2'],
]);

export function readProtocol(name: string, raw: string): SiteProtocol | LabelProblem {
  const protocol = PROTOCOLS.get(raw);
  if (protocol !== undefined) return protocol;
  if (raw === 'uwsgi' || raw === 'fastcgi') {
    const server = raw === 'uwsgi' ? '`uwsgi --http :8000`' : 'a web server in its image, such as Caddy or nginx';
    return problem(
      `${name}=${raw}: dproxy speaks HTTP with backends, not ${raw}`,
      `a container that speaks HTTP: ${server}`,
    );
  }
  return unusable(name, raw, 'http, https, grpc or grpcs');
}

/** The port is undefined where nothing is said. */
export function readPort(name: string, raw: string): { readonly port: number | undefined } | LabelProblem {
  if (raw === '' || raw === 'default') return { port: undefined };
  const port = /^\d{1,5}$/.test(raw) ? Number(raw) : 0;
  if (port > 0 && port <= 65_535) return { port };
  return unusable(name, raw, 'one port from 1 to 65535; several are said with VIRTUAL_HOST_MULTIPORTS');
}

export function readDest(
  name: string,
  raw: string,
  location: Location | undefined,
): { readonly dest: string } | LabelProblem {
  if (raw === '') return { dest: '' };
  if (location?.type === 'pattern') {
    const expected = 'a VIRTUAL_PATH that is a prefix, or a filter replacePathPattern';
    return problem(`${name}=${show(raw)} means nothing beside a pattern in the path`, expected);
  }
  // It goes into the request line: nothing that could end it, and no variables of nginx.
  if (/^\/[\x21-\x7e]{0,1023}$/.test(raw) && !/[?#$\\]/.test(raw)) return { dest: raw };
  return unusable(name, raw, 'a path that begins with /, without ?, # and variables');
}
