import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { readLocation } from './location.ts';
import { readMultiports } from './multiports.ts';
import { readServerName } from './server-name.ts';
import { readDest, readPort, readProtocol, Refusals } from './site-values.ts';
import { MAX_SITES, MAX_VALUE, type Site, type SiteReading } from './site.ts';

type Variables = ReadonlyMap<string, string>;

/** Undefined: the container asks nginx-proxy for nothing. */
export function readSites(env: Variables): SiteReading | undefined {
  const multiports = valueOf(env, 'VIRTUAL_HOST_MULTIPORTS');
  const hosts = valueOf(env, 'VIRTUAL_HOST');
  if (multiports === '' && hosts === '') return undefined;
  const name = multiports === '' ? 'VIRTUAL_HOST' : 'VIRTUAL_HOST_MULTIPORTS';
  const value = multiports === '' ? hosts : multiports;
  if (value.length > MAX_VALUE) {
    return nothing(problem(`${name} has ${value.length} characters`, `at most ${MAX_VALUE}`));
  }
  const reading = multiports === '' ? readHostList(env, hosts) : readMultiports(multiports);
  if (reading.sites.length <= MAX_SITES) return reading;
  return nothing(problem(`${name} stands for ${reading.sites.length} sites`, `at most ${MAX_SITES}`));
}

/** VIRTUAL_HOST: all of its hosts have the same path, port and protocol. */
function readHostList(env: Variables, hosts: string): SiteReading {
  const refusals = new Refusals();
  const location = refusals.keep(readLocation('VIRTUAL_PATH', valueOf(env, 'VIRTUAL_PATH') || '/'));
  const port = refusals.keep(readPort('VIRTUAL_PORT', valueOf(env, 'VIRTUAL_PORT')));
  const protocol = refusals.keep(readProtocol('VIRTUAL_PROTO', valueOf(env, 'VIRTUAL_PROTO')));
  const dest = refusals.keep(readDest('VIRTUAL_DEST', valueOf(env, 'VIRTUAL_DEST'), location));
  const httpPort = refusals.keep(readPort('EXTERNAL_HTTP_PORT', valueOf(env, 'EXTERNAL_HTTP_PORT')));
  const httpsPort = refusals.keep(readPort('EXTERNAL_HTTPS_PORT', valueOf(env, 'EXTERNAL_HTTPS_PORT')));
  // What makes a whole container unusable is said before each of its hosts.
  const isUsable = refusals.problems.length === 0;
  const sites: Site[] = [];
  for (const text of new Set(splitHosts(hosts))) {
    const name = refusals.keep(readServerName(text));
    if (!isUsable || name === undefined || location === undefined || protocol === undefined) continue;
    sites.push({
      name,
      location,
      port: port?.port,
      protocol,
      dest: dest?.dest ?? '',
      httpPort: httpPort?.port ?? 0,
      httpsPort: httpsPort?.port ?? 0,
    });
  }
  if (sites.length === 0 && refusals.problems.length === 0)
    return nothing(problem(`VIRTUAL_HOST=${show(hosts)} names no host`, 'one host, or several with commas'));
  return { sites, problems: refusals.problems };
}

export function splitHosts(list: string): readonly string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function valueOf(env: Variables, name: string): string {
  return (env.get(name) ?? '').trim();
}

function nothing(because: LabelProblem): SiteReading {
  return { sites: [], problems: [because] };
}
