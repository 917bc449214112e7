import { readDocument } from '@dproxy/config';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { readLocation } from './location.ts';
import { readServerName, type ServerName } from './server-name.ts';
import { readDest, readPort, readProtocol, Refusals } from './site-values.ts';
import { MAX_SITES, type Site, type SiteReading } from './site.ts';

const NAME = 'VIRTUAL_HOST_MULTIPORTS';
const EXPECTED = 'YAML or JSON: {host: {external_http_port, external_https_port, "/path": {port, proto, dest}}}';
const OF_HOSTS = ['external_http_port', 'external_https_port'];
const OF_PATHS = ['port', 'proto', 'dest'];

/** The keys may be any text: maps of the document have no prototype. */
type Table = Readonly<Record<string, unknown>>;

/** Hosts with paths, each with a port of its own. What is wrong with one host or path leaves the others alone. */
export function readMultiports(raw: string): SiteReading {
  const document = readDocument(raw);
  if (!document.isReadable) {
    const { message, position } = document;
    return nothing(`${NAME}, line ${position.line}: ${show(message)}`);
  }
  const { value, flaws } = document;
  if (!isTable(value) || Object.keys(value).length === 0) return nothing(`${NAME} is no map of hosts`);
  const refusals = new Refusals();
  for (const flaw of flaws) refusals.add(problem(`${NAME}: ${show(flaw.message)}`, flaw.expected));
  const sites: Site[] = [];
  for (const [host, entry] of Object.entries(value)) {
    const name = refusals.keep(readServerName(host.trim()));
    if (name !== undefined) sites.push(...sitesOf(name, entry, refusals));
    if (sites.length > MAX_SITES) break;
  }
  return { sites, problems: refusals.problems };
}

function sitesOf(name: ServerName, entry: unknown, refusals: Refusals): Site[] {
  const where = `${NAME}: ${show(name.text)}`;
  const table = tableOf(where, entry, refusals);
  if (table === undefined) return [];
  const httpPort = refusals.keep(readPort(`${where}: external_http_port`, scalar(table['external_http_port'])));
  const httpsPort = refusals.keep(readPort(`${where}: external_https_port`, scalar(table['external_https_port'])));
  if (httpPort === undefined || httpsPort === undefined) return [];
  const keys = Object.keys(table);
  const paths = keys.filter((key) => key.startsWith('/'));
  for (const key of keys.filter((each) => !each.startsWith('/') && !OF_HOSTS.includes(each))) {
    refusals.add(problem(`${where}: the key ${show(key)}`, `a path that begins with /, or ${OF_HOSTS.join(' or ')}`));
  }
  // As nginx-proxy: of nothing at all the whole host is made, but a host with ports and no path has none.
  const asked = keys.length === 0 ? ['/'] : paths.slice(0, MAX_SITES + 1);
  const shared = { name, httpPort: httpPort.port ?? 0, httpsPort: httpsPort.port ?? 0 };
  return asked
    .map((path) => siteOf(where, path, table[path], refusals))
    .flatMap((site) => (site === undefined ? [] : { ...shared, ...site }));
}

function siteOf(
  host: string,
  path: string,
  entry: unknown,
  refusals: Refusals,
): Pick<Site, 'location' | 'port' | 'protocol' | 'dest'> | undefined {
  const where = `${host}${show(path)}`;
  const table = tableOf(where, entry, refusals);
  const location = refusals.keep(readLocation(where, path));
  if (table === undefined || location === undefined) return undefined;
  for (const key of Object.keys(table).filter((each) => !OF_PATHS.includes(each))) {
    refusals.add(problem(`${where}: the key ${show(key)}`, OF_PATHS.join(', ')));
  }
  const port = refusals.keep(readPort(`${where}: port`, scalar(table['port'])));
  const protocol = refusals.keep(readProtocol(`${where}: proto`, scalar(table['proto'])));
  const dest = refusals.keep(readDest(`${where}: dest`, scalar(table['dest']), location));
  if (port === undefined || protocol === undefined || dest === undefined) return undefined;
  return { location, port: port.port, protocol, dest: dest.dest };
}

/** A map, or nothing at all. */
function tableOf(where: string, entry: unknown, refusals: Refusals): Table | undefined {
  if (entry === null || entry === undefined || entry === '') return {};
  if (isTable(entry)) return entry;
  refusals.add(problem(`${where}: ${scalar(entry) === '[...]' ? 'a list' : show(scalar(entry))} is no map`, EXPECTED));
  return undefined;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a list or a map nothing fits. */
function scalar(value: unknown): string {
  if (value === null || value === undefined) return '';
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? String(value).trim() : '[...]';
}

function nothing(message: string): SiteReading {
  const because: LabelProblem = { message, expected: EXPECTED };
  return { sites: [], problems: [because] };
}
