import { isIP } from 'node:net';
import { z } from 'zod';
import { isAddressHost } from '@dproxy/core';
import { acmeDirectory, type AuthorityEntry, KNOWN_AUTHORITIES, profileName } from './acme-directory.ts';
import { acmeDns } from './acme-dns.ts';
import { field, flag, oneOrMore, readable, section, words, type Read } from './field.ts';
import { readEndpoint } from './network.ts';
import { readHost } from './host-name.ts';

const EMAIL = 'an e-mail address';
const RESOLVER = 'the address of a DNS server, such as 1.1.1.1, 9.9.9.9:53 or "[2620:fe::fe]:53"';
const HOSTS = 'auto, or a list of host names';
const ASK = 'an http:// or https:// URL without a user name';
const CHALLENGES = ['http-01', 'tls-alpn-01', 'dns-01'] as const;
const KEY_TYPES = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;

/** `acme`. */
export function acme() {
  const host = readable('a host name', readHost);
  return section({
    email: field(readable(EMAIL, readEmail), {
      meaning:
        'Contact of the account at the certificate authority. No authority is asked for anything before it is set; setting it agrees to the terms of service of the authorities',
      default: 'none',
    }),
    directory: field(acmeDirectory(), {
      meaning:
        'The certificate authority: letsencrypt, letsencrypt-staging, zerossl, google, the https:// URL of its directory, or {url, name, eab, profile, caFile}. Of a list the next one is asked when one is down, refuses or limits',
      default: 'letsencrypt',
    }),
    staging: field(flag(), {
      meaning: "Whether Let's Encrypt's staging authority is asked, whose limits are wide and which no client trusts",
      default: 'false',
    }),
    hosts: field(z.union([z.literal('auto'), oneOrMore(host, 'a host name')], { error: HOSTS }), {
      meaning:
        'Which names get a certificate. auto: every routed name with a dot that is no address and not under localhost, local, internal, test or invalid. A list: these and no others, as far as routes have them; *.example.com stands for all routed names right below. https.certificate of a route overrides both',
      default: 'auto',
    }),
    challenges: field(oneOrMore(words(CHALLENGES), CHALLENGES.join(', ')), {
      meaning:
        'How names are proven, the preferred way first: http-01 (port 80), tls-alpn-01 (port 443), dns-01 (acme.dns). Wildcards always use dns-01, addresses never',
      default: 'http-01, tls-alpn-01; with acme.dns: dns-01 before them',
    }),
    keyType: field(words(KEY_TYPES), {
      meaning: 'Kind of the keys of certificates: ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or rsa-4096',
      default: 'ecdsa-p256, which every browser since 2015 knows',
    }),
    profile: field(profileName(), {
      meaning:
        "Profile of certificates, as the authority names it (Let's Encrypt: classic, tlsserver, shortlived). For all authorities that say none of their own",
      default: "the authority's",
      danger:
        'shortlived certificates live for six days: a host that cannot renew for three of them is down; have the log watched for errors',
    }),
    dns: field(acmeDns(), {
      meaning: 'Where TXT records for dns-01 are made: {provider, and its options}',
      default: 'none, no wildcards',
    }),
    preflight: field(flag(), {
      meaning:
        'Whether a name is first checked to reach this machine on port 80, which spares the limits of the authority',
      default: 'true',
    }),
    passChallenges: field(flag(), {
      meaning:
        'Whether requests below /.well-known/acme-challenge/ that are none of our challenges go to the routes, for ACME clients of your own behind dproxy',
      default: 'false, they are answered with 404',
      danger: 'every container that serves a host can then get certificates for it',
    }),
    resolvers: field(oneOrMore(readable(RESOLVER, readResolver), RESOLVER), {
      meaning: 'DNS servers that the preflight asks',
      default: "the system's",
    }),
    onDemand: field(onDemand(), {
      meaning:
        'Certificates for names that no route has by itself, but a wildcard route takes, at the first handshake: {allow, ask}',
      default: 'none, off',
      danger: 'whoever connects can make dproxy order certificates for any name that this lets pass',
    }),
  }).superRefine((value, context) => {
    for (const { path, message, problem } of findConflicts(value)) {
      context.addIssue({ code: 'custom', message, path: [...path], params: { problem } });
    }
  });
}

function onDemand() {
  const pattern = readable('a host name such as app.example.com or *.example.com', readHost);
  return section({
    allow: field(oneOrMore(pattern, 'a host name'), {
      meaning: 'Names that may get one; *.example.com takes any depth below',
      default: 'those that ask says yes to',
    }),
    ask: field(readable(ASK, readAskUrl), {
      meaning:
        'URL that is asked with ?domain=<name>, and says yes by a 2xx within three seconds. With allow both must say yes',
      default: 'none',
    }),
  }).superRefine((value, context) => {
    if (value.allow !== undefined || value.ask !== undefined) return;
    context.addIssue({
      code: 'custom',
      message: 'allow, ask or both',
      params: { problem: 'everybody would be let pass' },
    });
  });
}

interface Conflict {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly problem: string;
}

interface Said {
  readonly directory?: readonly AuthorityEntry[] | undefined;
  readonly staging?: boolean | undefined;
  readonly hosts?: 'auto' | readonly string[] | undefined;
  readonly challenges?: readonly string[] | undefined;
  readonly profile?: string | undefined;
  readonly dns?: object | undefined;
}

/** What no key can see alone. */
function findConflicts(said: Said): readonly Conflict[] {
  return [...findDirectoryConflicts(said), ...findChallengeConflicts(said), ...findHostConflicts(said)];
}

function* findDirectoryConflicts({ directory = [], staging }: Said): Generator<Conflict> {
  const names = directory.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    const message = 'a name of its own for each, as {url, name}';
    yield { path: ['directory'], message, problem: `${twice} stands there twice` };
  }
  const isElse = staging === true && directory.some(({ url }) => !url.includes('.letsencrypt.org/'));
  if (isElse)
    yield { path: ['staging'], message: "no staging, it is Let's Encrypt's", problem: 'with another directory' };
}

function* findChallengeConflicts({ challenges, dns }: Said): Generator<Conflict> {
  const usesDns = challenges?.includes('dns-01') ?? dns !== undefined;
  if (usesDns && dns === undefined) {
    yield { path: ['challenges'], message: 'acme.dns, for dns-01', problem: 'dns-01 without acme.dns' };
  }
  if (!usesDns && dns !== undefined) {
    yield { path: ['dns'], message: 'dns-01 in acme.challenges', problem: 'it is never used without dns-01' };
  }
}

function* findHostConflicts({ hosts = 'auto', challenges, dns, directory, profile }: Said): Generator<Conflict> {
  if (hosts === 'auto') return;
  const hasOther = challenges?.some((type) => type !== 'dns-01') ?? true;
  const authorities = directory ?? [{ url: KNOWN_AUTHORITIES.letsencrypt.url, profile: '' }];
  // Let's Encrypt has one profile for addresses; what others have is theirs to say.
  const takesAddresses = authorities.some(
    ({ url, profile: own }) => !url.includes('.letsencrypt.org/') || (own || profile) === 'shortlived',
  );
  for (const [index, host] of hosts.entries()) {
    const path = ['hosts', index];
    if (host.startsWith('*.') && dns === undefined) {
      const message = 'acme.dns: a wildcard is proven by dns-01 only';
      yield { path, message, problem: 'a wildcard without acme.dns' };
    } else if (isAddressHost(host) && !hasOther) {
      const message = 'http-01 or tls-alpn-01 in acme.challenges';
      yield { path, message, problem: 'an address cannot be proven by dns-01' };
    } else if (isAddressHost(host) && !takesAddresses) {
      const message = "acme.profile: shortlived, the only one of Let's Encrypt for addresses";
      yield { path, message, problem: 'an address' };
    }
  }
}

function readEmail(raw: string): Read<string> {
  return /^[^\s@<>"]{1,64}@[^\s@<>"]{1,253}$/.test(raw) ? { value: raw } : { problem: 'not an e-mail address' };
}

function readAskUrl(raw: string): Read<string> {
  if (!/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return { problem: 'not a URL' };
  return new URL(raw).username === '' ? { value: raw } : { problem: 'a URL with a user name' };
}

function readResolver(raw: string): Read<string> {
  if (isIP(raw) !== 0) return { value: isIP(raw) === 6 ? `[${raw}]:53` : `${raw}:53` };
  const endpoint = readEndpoint(raw);
  if ('problem' in endpoint) return endpoint;
  return isIP(endpoint.value.host) === 0 ? { problem: 'a resolver is named by address' } : { value: raw };
}
