import { canonicalHost } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { MAX_VALUE } from './site.ts';
import { splitHosts, valueOf } from './read-sites.ts';
import type { ProxyWide } from './options.ts';

type Variables = ReadonlyMap<string, string>;

export interface AcmeWish {
  /** Canonical; for these a certificate is asked for. */
  readonly hosts: ReadonlySet<string>;
  readonly problems: readonly LabelProblem[];
}

/** What acme-companion reads from a container, and where dproxy says it: one authority and one account for all. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['EMAIL', 'acme.email'],
  ['KEYSIZE', 'acme.keyType'],
  ['TEST', 'acme.directory: staging'],
  ['CA_URI', 'acme.directory'],
  ['CHALLENGE', 'acme.challenges'],
  ['DNS_API_CONFIG', 'acme.dns'],
  ['EAB_KID', 'acme.eab'],
  ['EAB_HMAC_KEY', 'acme.eab'],
  ['CERT_PROFILE', 'acme.profile'],
  ['ZEROSSL_API_KEY', 'acme.eab'],
]);

/** Needs nothing: dproxy renews when the authority says so (RFC 9773), and every host may have a certificate of its own. */
const NEEDLESS: ReadonlySet<string> = new Set([
  'HOST',
  'SINGLE_DOMAIN_CERTS',
  'RENEW_AFTER',
  'MIN_VALIDITY',
  'RENEW_PRIVATE_KEYS',
  'HTTP_CHALLENGE_LOCATION',
]);

const OFF: ReadonlySet<string> = new Set(['', 'false']);

/** LETSENCRYPT_* and ACME_*. Values are not shown: some of them are secrets. */
export function readAcme(env: Variables, { hasAcmeAccount }: Pick<ProxyWide, 'hasAcmeAccount'>): AcmeWish {
  const problems: LabelProblem[] = [];
  const hosts = new Set<string>();
  for (const name of ['ACME_HOST', 'LETSENCRYPT_HOST']) {
    for (const text of splitHosts(valueOf(env, name).slice(0, MAX_VALUE))) {
      const host = canonicalHost(text);
      if (host === undefined)
        problems.push(problem(`${name}: ${show(text)} is no host`, 'hosts, with commas between them'));
      else hosts.add(host);
    }
  }
  const elsewhere = new Set<string>();
  const names: string[] = [];
  const unheard: string[] = [];
  for (const [name, value] of [...env].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const word = wordOf(name);
    if (word === undefined || NEEDLESS.has(word) || OFF.has(value.trim())) continue;
    if (word === 'EMAIL' && hasAcmeAccount) continue;
    const key = ELSEWHERE.get(word);
    if (key === undefined) unheard.push(name);
    else {
      names.push(name);
      elsewhere.add(key);
    }
  }
  if (names.length > 0) {
    const what = `${names.join(', ')}: not read from containers, because all certificates come from one account`;
    problems.push(problem(what, `${[...elsewhere].join(', ')} in dproxy.yml`));
  }
  if (unheard.length > 0) {
    problems.push(problem(`${unheard.join(', ')}: dproxy has nothing like it`, 'a container without it'));
  }
  return { hosts, problems };
}

function wordOf(name: string): string | undefined {
  if (name === 'ZEROSSL_API_KEY') return name;
  const [, companion, word] = /^(ACME|LETSENCRYPT|ACMESH)_([A-Z_]{1,40})$/.exec(name) ?? [];
  return companion === undefined ? undefined : word;
}
