import { isAbsolute } from 'node:path';
import type { DnsProviderName } from '@dproxy/config';
import { parseServerAddress } from './wire/server-address.ts';
import { TSIG_ALGORITHMS } from './wire/tsig.ts';

/** What a value should have been; empty: it is fine. */
type Check = (value: string) => string;

const COMMON = new Map<string, Check>([
  ['ttl', integer(1, 86_400)],
  ['timeoutMs', integer(100, 600_000)],
  ['propagationMs', integer(1_000, 3_600_000)],
  ['propagationCheck', oneOf(['true', 'false'])],
  // Only a hook may be spoken to in the clear: the others would show their token to the way.
  ['endpoint', url(false)],
]);

const CHECKS = new Map<string, Check>([
  ['route53.hostedZoneId', pattern(/^[A-Z0-9]{1,32}$/, 'the id of a hosted zone such as Z11111112222222333333')],
  ['route53.accessKeyId', pattern(/^\w{1,128}$/, 'an access key such as AKIAIOSFODNN7EXAMPLE')],
  ['route53.region', pattern(/^[a-z0-9-]{1,32}$/, 'a region such as eu-central-1')],
  ['rfc2136.nameserver', (value) => (parseServerAddress(value) === undefined ? 'a host, or host:port' : '')],
  ['rfc2136.tsigAlgorithm', (value) => oneOf(TSIG_ALGORITHMS)(algorithmName(value))],
  ['rfc2136.tsigKey', pattern(/^[!-~]{1,253}$/, 'the name of a key')],
  ['rfc2136.tsigSecret', pattern(/^[A-Za-z0-9+/]{4,1024}={0,2}$/, 'base64')],
  ['httpreq.endpoint', url(true)],
  ['httpreq.mode', pattern(/^RAW$/i, 'RAW, or nothing')],
  ['exec.mode', pattern(/^RAW$/i, 'RAW, or nothing')],
  ['exec.path', (value) => (isAbsolute(value) ? '' : 'an absolute path')],
  ['exec.passEnv', pattern(/^\s*\w{1,64}(?:\s*,\s*\w{1,64}){0,63}\s*$/, 'names of variables, separated by commas')],
]);

export function expectedOption(provider: DnsProviderName, name: string, value: string): string {
  if (value.length > 4_096) return 'at most 4096 characters';
  // What goes into a header line must not begin another one.
  if (/[^\u0020-\u007E\u00A0-\uFFFF]/.test(value)) return 'one line without control characters';
  const check = CHECKS.get(`${provider}.${name}`) ?? COMMON.get(name);
  return check?.(value) ?? '';
}

/** With or without the final dot that lego and BIND write. */
export function algorithmName(value: string): string {
  return value.toLowerCase().replace(/\.$/, '');
}

function integer(min: number, max: number): Check {
  return (value) => {
    const isWithin = /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
    return isWithin ? '' : `a whole number from ${min} to ${max}`;
  };
}

function oneOf(words: readonly string[]): Check {
  return (value) => (words.includes(value) ? '' : `one of ${words.join(', ')}`);
}

function pattern(expression: RegExp, expected: string): Check {
  return (value) => (expression.test(value) ? '' : expected);
}

function url(mayBePlain: boolean): Check {
  return (value) => {
    const found = URL.parse(value);
    if (found === null || !/^https?:$/.test(found.protocol)) return 'a URL that begins with https://';
    if (found.username !== '' || found.password !== '') return 'a URL without user and password';
    const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(found.hostname);
    if (found.protocol === 'http:' && !mayBePlain && !isLocal) return 'a URL that begins with https://';
    return '';
  };
}
