import { canonicalHost, isFieldValue, readHsts, type CorsFilter, type Filter, type HeaderChange } from '@dproxy/core';
import type { Section } from '../section.ts';
import type { Effect } from './effect.ts';
import { checkPattern, readFieldNames, readHeaderPair } from './values.ts';

/** The middleware `headers`: changes of headers, CORS, and what is called security headers. */
export function headers(section: Section): Effect {
  const isDevelopment = section.flag('isdevelopment') ?? false;
  const hosts = readAllowedHosts(section);
  const cors = readCors(section);
  const hsts = readSts(section);
  const request = readChanges(section, 'customrequestheaders', true);
  const response = [...readSecurity(section), ...hsts.changes, ...readChanges(section, 'customresponseheaders', false)];
  reportWithoutEffect(section);
  const filters: Filter[] = [];
  // In development Traefik leaves out what depends on the real name and on HTTPS.
  if (hosts.length > 0 && !isDevelopment) filters.push({ type: 'allowHosts', hosts });
  if (cors !== undefined) filters.push(cors);
  if (request.length > 0 || response.length > 0) filters.push({ type: 'headers', request, response });
  return { filters, hsts: isDevelopment ? '' : hsts.value };
}

function readChanges(section: Section, family: string, isRequest: boolean): readonly HeaderChange[] {
  return section.family(family).flatMap((pair): HeaderChange[] => {
    const read = readHeaderPair(section, family, pair, isRequest);
    if (read === undefined) return [];
    const [name, value] = read;
    return [{ operation: value === '' ? 'remove' : 'set', name, value }];
  });
}

function readAllowedHosts(section: Section): readonly string[] {
  if (section.list('hostsproxyheaders') !== undefined) {
    section.note(
      'hostsproxyheaders',
      'the host is the one of the request',
      'trustedProxies in dproxy.yml, if a proxy is in front',
    );
  }
  return (section.list('allowedhosts') ?? []).flatMap((raw) => {
    const host = canonicalHost(raw);
    if (host !== undefined) return [host];
    section.refuse('allowedhosts', 'hosts such as app.example.com, separated by commas');
    return [];
  });
}

function readCors(section: Section): CorsFilter | undefined {
  const originPatterns = section.list('accesscontrolalloworiginlistregex') ?? [];
  for (const pattern of originPatterns) checkPattern(section, 'accesscontrolalloworiginlistregex', pattern);
  const cors: CorsFilter = {
    type: 'cors',
    origins: section.list('accesscontrolalloworiginlist') ?? [],
    originPatterns,
    methods: (section.list('accesscontrolallowmethods') ?? []).map((method) => method.toUpperCase()),
    headers: readNamesOrStar(section, 'accesscontrolallowheaders'),
    exposed: readNamesOrStar(section, 'accesscontrolexposeheaders'),
    credentials: section.flag('accesscontrolallowcredentials') ?? false,
    maxAgeS: section.integer('accesscontrolmaxage', -1, 31_536_000) ?? -1,
    vary: section.flag('addvaryheader') ?? false,
  };
  const { origins, methods, headers: allowed, exposed, credentials, maxAgeS, vary } = cors;
  if (methods.some((method) => !/^(?:\*|[A-Z]{1,32})$/.test(method))) {
    section.refuse('accesscontrolallowmethods', 'methods such as GET, separated by commas');
  }
  if (origins.some((origin) => !/^[\x21-\x7e]{1,512}$/.test(origin))) {
    section.refuse('accesscontrolalloworiginlist', 'origins such as https://app.example.com, separated by commas');
  }
  const isEmpty = [origins, originPatterns, methods, allowed, exposed].every(({ length }) => length === 0);
  return isEmpty && !credentials && maxAgeS < 0 && !vary ? undefined : cors;
}

function readNamesOrStar(section: Section, key: string): readonly string[] {
  return readFieldNames(section, key);
}

interface Sts {
  readonly value: string;
  readonly changes: readonly HeaderChange[];
}

function readSts(section: Section): Sts {
  const seconds = section.integer('stsseconds', 0, 9_999_999_999) ?? 0;
  const hasSubDomains = section.flag('stsincludesubdomains') ?? false;
  const isPreloaded = section.flag('stspreload') ?? false;
  const isForced = section.flag('forcestsheader') ?? false;
  if (seconds === 0) return { value: '', changes: [] };
  const words = [`max-age=${seconds}`, hasSubDomains ? 'includeSubDomains' : '', isPreloaded ? 'preload' : ''];
  const value = readHsts(words.filter((word) => word !== '').join('; ')) ?? '';
  return {
    value,
    changes: isForced ? [{ operation: 'set', name: 'strict-transport-security', value }] : [],
  };
}

function readSecurity(section: Section): readonly HeaderChange[] {
  const changes: HeaderChange[] = [];
  const set = (name: string, value: string): void => {
    changes.push({ operation: 'set', name, value });
  };
  const isDenied = section.flag('framedeny') ?? false;
  const frame = readValue(section, 'customframeoptionsvalue');
  if (frame !== '' || isDenied) set('x-frame-options', frame === '' ? 'DENY' : frame);
  if (section.flag('contenttypenosniff') ?? false) set('x-content-type-options', 'nosniff');
  const isFiltered = section.flag('browserxssfilter') ?? false;
  const xss = readValue(section, 'custombrowserxssvalue');
  if (xss !== '' || isFiltered) set('x-xss-protection', xss === '' ? '1; mode=block' : xss);
  for (const [key, name] of VALUES) {
    const value = readValue(section, key);
    if (value !== '') set(name, value);
  }
  return changes;
}

const VALUES: readonly (readonly [key: string, name: string])[] = [
  ['contentsecuritypolicy', 'content-security-policy'],
  ['contentsecuritypolicyreportonly', 'content-security-policy-report-only'],
  ['referrerpolicy', 'referrer-policy'],
  ['permissionspolicy', 'permissions-policy'],
  ['featurepolicy', 'feature-policy'],
];

function readValue(section: Section, key: string): string {
  const value = section.text(key)?.trim() ?? '';
  if (!isFieldValue(value)) section.refuse(key, 'one line of Latin-1 text');
  return value;
}

/** Of Traefik 2, or decided elsewhere here. None of them keeps anybody out. */
function reportWithoutEffect(section: Section): void {
  if (section.family('sslproxyheaders').length > 0) {
    section.note(
      'sslproxyheaders',
      'whether a request came over HTTPS is no matter of labels here',
      'trustedProxies in dproxy.yml',
    );
  }
  for (const key of ['sslredirect', 'ssltemporaryredirect', 'sslhost', 'sslforcehost']) {
    const value = section.text(key);
    if (value !== undefined && value !== 'false')
      section.note(key, 'Traefik 3 ignores it, too', 'the middleware redirectscheme');
  }
  if (section.text('publickey') !== undefined)
    section.note('publickey', 'no browser reads Public-Key-Pins any more', 'no such label');
}
