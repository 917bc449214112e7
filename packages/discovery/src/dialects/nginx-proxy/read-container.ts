import { canonicalJson, compilePattern, DEFAULT_BALANCE } from '@dproxy/core';
import type { Container } from '../../container.ts';
import type { DialectInput, DialectReading, LabelProblem, ServiceClaims } from '../dialect.ts';
import { problem, show, unusable } from './_problems.ts';
import { readAcme, type AcmeWish } from './acme-companion.ts';
import { readBalance } from './balance-of.ts';
import { protectionOf } from './htpasswd.ts';
import { readHttps } from './https-of.ts';
import type { ProxyWide } from './options.ts';
import { ranksOf } from './pattern-ranks.ts';
import { readSites, valueOf } from './read-sites.ts';
import { mergeServices, servicesOf, type Shared } from './services.ts';
import { Refusals } from './site-values.ts';
import type { Site, SiteReading } from './site.ts';
import { unheardOf } from './unheard.ts';

const SILENT: DialectReading = {
  enable: undefined,
  network: undefined,
  services: [],
  streams: [],
  isSilent: true,
  problems: [],
};

/** What one container says in variables and labels of nginx-proxy. */
export function readContainer(input: DialectInput, wide: ProxyWide): DialectReading {
  const { env } = input;
  const reading = readSites(env);
  const acme = readAcme(env, wide);
  // Many programs have a variable HSTS or SSL_POLICY of their own: without a host they are none of nginx-proxy's words.
  if (reading === undefined) return { ...SILENT, problems: uncalled(acme) };
  const refusals = new Refusals();
  const shared = readShared(input, { wide, acme, refusals });
  const services = describeSites(input, reading, { shared, wide, refusals });
  for (const host of hostsWithout(acme, reading)) {
    refusals.add(
      problem(`${show(host)} has a certificate asked for, but no site here`, 'the host in VIRTUAL_HOST, too'),
    );
  }
  return {
    ...SILENT,
    isSilent: false,
    services: mergeServices(services),
    problems: distinct([...reading.problems, ...refusals.problems, ...acme.problems, ...unheardOf(input)]),
  };
}

interface Parts {
  readonly wide: ProxyWide;
  readonly acme: AcmeWish;
  readonly refusals: Refusals;
}

function readShared(input: DialectInput, { wide, acme, refusals }: Parts): Shared {
  const { env, labels, container, offers } = input;
  const [onlyPort] = container.tcpPorts.length === 1 ? container.tcpPorts : [];
  return {
    ...readHttps(input, wide, refusals),
    balance: refusals.keep(readBalance(labels)) ?? DEFAULT_BALANCE,
    port: onlyPort ?? 80,
    acmeHosts: acme.hosts,
    isInternal: readAccess(env, refusals),
    internalNetworks: wide.internalNetworks,
    defaultHost: wide.defaultHost,
    defaultRoot: wide.defaultRoot,
    ranks: ranksOf(offers),
  };
}

function describeSites(
  { container }: DialectInput,
  { sites }: SiteReading,
  { shared, wide, refusals }: Omit<Parts, 'acme'> & { readonly shared: Shared },
): ServiceClaims[] {
  const { htpasswd } = wide;
  if (htpasswd === 'unreadable') {
    // Without the files nobody can tell which sites ask for a password: none is served, rather than all without one.
    refusals.add(
      problem(
        'the folder of htpasswd files cannot be read',
        'the folder that docker.dialects.nginxProxy.htpasswd names',
      ),
    );
    return [];
  }
  return sites.flatMap((site) => {
    const refused = whyNot(site, container, shared);
    if (refused !== undefined) refusals.add(refused);
    if (refused !== undefined && isPortless(site, container)) return [];
    const { filter, problems } = protectionOf(site, htpasswd);
    for (const each of problems) refusals.add(each);
    return servicesOf(site, filter, shared);
  });
}

/** On the host's network any port could be somebody else's; nginx-proxy asks for VIRTUAL_PORT there, too. */
function isPortless({ port }: Site, { networkMode }: Container): boolean {
  return port === undefined && networkMode === 'host';
}

function whyNot(site: Site, container: Container, { https }: Shared): LabelProblem | undefined {
  if (isPortless(site, container)) {
    return problem('it shares the network of the host, where any port could be its own', 'VIRTUAL_PORT=<port>');
  }
  if (https.redirect === 0 || site.httpsPort === 0 || site.httpsPort === 443) return undefined;
  return problem(
    `plain HTTP of ${show(site.name.text)} is answered, not redirected to port ${site.httpsPort}`,
    'HTTPS on port 443, or HTTPS_METHOD=nohttp to answer nothing over plain HTTP',
  );
}

/** Who misspells it wanted to shut somebody out: that is the safe reading. */
function readAccess(env: ReadonlyMap<string, string>, refusals: Refusals): boolean {
  const raw = valueOf(env, 'NETWORK_ACCESS');
  if (raw === '' || raw === 'external') return false;
  if (raw !== 'internal')
    refusals.add(unusable('NETWORK_ACCESS', raw, 'external; until then it is taken for internal'));
  return true;
}

/** acme-companion makes certificates for containers without a site, which fetch them from a volume. */
function uncalled({ hosts }: AcmeWish): LabelProblem[] {
  if (hosts.size === 0) return [];
  const what = `LETSENCRYPT_HOST without VIRTUAL_HOST: no certificate is ordered for ${show([...hosts].join(', '))}`;
  return [problem(what, 'the hosts in acme.hosts of dproxy.yml')];
}

function hostsWithout({ hosts }: AcmeWish, { sites, problems }: SiteReading): readonly string[] {
  if (problems.length > 0) return [];
  const served = new Set(sites.flatMap(({ name }) => (name.type === 'hosts' ? name.hosts : [])));
  const patterns = sites.flatMap(({ name }) => (name.type === 'hosts' ? [] : compilePattern(name.pattern)));
  return [...hosts].filter((host) => !isCovered(host, served) && !patterns.some((pattern) => pattern.test(host)));
}

function isCovered(host: string, served: ReadonlySet<string>): boolean {
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    if (served.has(`*${host.slice(dot)}`)) return true;
  }
  return served.has(host);
}

function distinct(problems: readonly LabelProblem[]): readonly LabelProblem[] {
  return [...new Map(problems.map((each) => [canonicalJson(each), each])).values()];
}
