import { z } from 'zod';
import { canonicalFieldName, canonicalHost, DEFAULT_BALANCE, type BalancePolicy, type HashKey } from '@dproxy/core';
import { field, flag, integer, readable, required, section, words, type Read } from './field.ts';
import { duration } from './units.ts';

const STRATEGIES = [
  'roundRobin',
  'leastConnections',
  'powerOfTwo',
  'leastTime',
  'hash',
  'random',
  'first',
] as const satisfies readonly BalancePolicy['strategy'][];

const HASH_BY = 'client, host, path, header:NAME, cookie:NAME or query:NAME';
const COOKIE = "the name of a cookie: letters, digits and !#$%&'*+-.^_`|~, at most 64";
const COOKIE_PATH = 'a path that starts with "/", without ";"';
const COOKIE_DOMAIN = 'a host name such as example.com';
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]{1,64}$/;

const DEFAULT_STICKY = {
  name: '',
  path: '/',
  domain: '',
  secure: false,
  httpOnly: true,
  sameSite: 'lax',
  maxAgeS: 0,
} as const satisfies BalancePolicy['sticky'];

/** `balance`: a strategy, or a map. */
export function balance() {
  const detailed = section({
    strategy: field(words(STRATEGIES), {
      meaning:
        'Who of the ready backends is next: roundRobin (in turn, by weight), leastConnections, powerOfTwo (the less busy of two at random), leastTime (who answers soonest), hash (the same for the same key), random, or first (in order, the next only when the one before is not ready)',
      default: 'roundRobin',
    }),
    hashBy: field(readable(HASH_BY, readHashKey), {
      meaning: `The key of hash: ${HASH_BY}. A request without it goes to who is next in turn`,
      default: 'client',
      danger: 'whoever may choose the key may choose the backend',
    }),
    sticky: field(sticky(), {
      meaning: 'A cookie that leads a client back to the backend that it had: true, or {name, path, domain, ...}',
      default: 'false',
    }),
    ejection: field(ejection(), {
      meaning:
        'Whether a backend that fails is passed over for a while, by the worker that saw it: true, or {failures, window, time, statuses}',
      default: 'false',
    }),
    slowStart: field(duration(0), {
      meaning:
        'Time in which the share of a backend that has just become ready grows from a tenth to all of it, in ms or as 30s',
      default: '0',
      zero: 'all of it at once',
    }),
  }).transform(({ strategy, hashBy, ...rest }, context): BalancePolicy => {
    if (hashBy !== undefined && strategy !== 'hash') {
      const problem = 'hashBy without strategy: hash';
      context.addIssue({ code: 'custom', message: 'strategy: hash', path: ['hashBy'], params: { problem } });
      return z.NEVER;
    }
    return {
      strategy: strategy ?? DEFAULT_BALANCE.strategy,
      hashBy: hashBy ?? DEFAULT_BALANCE.hashBy,
      sticky: rest.sticky ?? null,
      ejection: rest.ejection ?? null,
      slowStartMs: rest.slowStart ?? 0,
    };
  });
  const short = words(STRATEGIES).transform((strategy): BalancePolicy => ({ ...DEFAULT_BALANCE, strategy }));
  return z.union([short, detailed], {
    error: `one of: ${STRATEGIES.join(', ')}, or {strategy, hashBy, sticky, ejection, slowStart}`,
  });
}

function sticky() {
  const detailed = section({
    name: field(readable(COOKIE, readCookieName), {
      meaning: 'Its name',
      default: '"_" and eight digits made of the route',
    }),
    path: field(readable(COOKIE_PATH, readCookiePath), { meaning: 'Paths to which it is sent', default: '/' }),
    domain: field(readable(COOKIE_DOMAIN, readDomain), {
      meaning: 'Domain to whose hosts it is sent',
      default: 'none, the host itself',
    }),
    secure: field(flag(), { meaning: 'Whether it is sent over HTTPS only', default: 'false' }),
    httpOnly: field(flag(), { meaning: 'Whether scripts of the page cannot read it', default: 'true' }),
    sameSite: field(words(['none', 'lax', 'strict']), {
      meaning: 'Whether requests from other sites bring it: none (they do; needs secure), lax or strict',
      default: 'lax',
    }),
    maxAge: field(duration(0), {
      meaning: 'How long the browser keeps it, in whole seconds, as 30s or 1d',
      default: '0',
      zero: 'until the browser ends',
    }),
  }).transform(({ maxAge, ...rest }, context): BalancePolicy['sticky'] => {
    if (rest.sameSite === 'none' && rest.secure !== true) {
      const problem = 'sameSite: none without secure: true, which browsers refuse';
      context.addIssue({ code: 'custom', message: 'secure: true', path: ['sameSite'], params: { problem } });
      return z.NEVER;
    }
    return {
      name: rest.name ?? DEFAULT_STICKY.name,
      path: rest.path ?? DEFAULT_STICKY.path,
      domain: rest.domain ?? DEFAULT_STICKY.domain,
      secure: rest.secure ?? DEFAULT_STICKY.secure,
      httpOnly: rest.httpOnly ?? DEFAULT_STICKY.httpOnly,
      sameSite: rest.sameSite ?? DEFAULT_STICKY.sameSite,
      maxAgeS: Math.ceil((maxAge ?? 0) / 1_000),
    };
  });
  const short = flag().transform((is): BalancePolicy['sticky'] => (is ? DEFAULT_STICKY : null));
  return z.union([short, detailed], {
    error: 'true, false, or {name, path, domain, secure, httpOnly, sameSite, maxAge}',
  });
}

function ejection() {
  const detailed = section({
    failures: required(integer(1, 1_000), {
      meaning: 'Failed connections, resets and timeouts within window after which it is passed over',
    }),
    window: field(duration(1), {
      meaning: 'The time in which failures count together, in ms or as 10s',
      default: '10s',
    }),
    time: field(duration(1), { meaning: 'For how long it is passed over, in ms or as 30s', default: '30s' }),
    statuses: field(flag(), { meaning: 'Whether answers with 500 and more are failures, too', default: 'false' }),
  }).transform((value): BalancePolicy['ejection'] => ({
    failures: value.failures,
    windowMs: value.window ?? DEFAULT_EJECTION.windowMs,
    ejectMs: value.time ?? DEFAULT_EJECTION.ejectMs,
    statuses: value.statuses ?? DEFAULT_EJECTION.statuses,
  }));
  const short = flag().transform((is): BalancePolicy['ejection'] => (is ? DEFAULT_EJECTION : null));
  return z.union([short, detailed], { error: 'true, false, or {failures, window, time, statuses}' });
}

const DEFAULT_EJECTION = { failures: 5, windowMs: 10_000, ejectMs: 30_000, statuses: false } as const;

/** `client`, `header:x-user` and so on. */
function readHashKey(raw: string): Read<HashKey> {
  const colon = raw.indexOf(':');
  const type = colon === -1 ? raw : raw.slice(0, colon);
  const name = colon === -1 ? '' : raw.slice(colon + 1);
  switch (type) {
    case 'client':
    case 'host':
    case 'path':
      return colon === -1 ? { value: { type } } : { problem: `${type} takes no name` };
    case 'header': {
      const lower = canonicalFieldName(name);
      return lower === undefined ? { problem: 'not a header name' } : { value: { type, name: lower } };
    }
    case 'cookie':
      return COOKIE_NAME.test(name) ? { value: { type, name } } : { problem: 'not the name of a cookie' };
    case 'query':
      return name === '' || name.length > 256 ? { problem: 'no name of a parameter' } : { value: { type, name } };
    default:
      return { problem: 'nothing to hash by' };
  }
}

function readCookieName(raw: string): Read<string> {
  if (!COOKIE_NAME.test(raw)) return { problem: 'not the name of a cookie' };
  // RFC 6265bis section 4.1.3: browsers refuse these unless further attributes are there.
  return /^__(?:host|secure)-/i.test(raw) ? { problem: 'a prefix that browsers reserve' } : { value: raw };
}

function readCookiePath(raw: string): Read<string> {
  return /^\/[\x21-\x3a\x3c-\x7e]{0,255}$/.test(raw) ? { value: raw } : { problem: 'not a path' };
}

function readDomain(raw: string): Read<string> {
  const host = canonicalHost(raw.replace(/^\./, ''));
  return host === undefined || host.includes('*') || host.includes('[') ? { problem: 'not a domain' } : { value: host };
}
