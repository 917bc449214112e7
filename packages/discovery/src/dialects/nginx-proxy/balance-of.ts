import { DEFAULT_BALANCE, type BalancePolicy, type HashKey } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { LABEL_PREFIX } from './words.ts';

const LABEL = `${LABEL_PREFIX}loadbalance`;
const MAX_DIRECTIVES = 512;
const EXPECTED =
  'least_conn; ip_hash; random; random two; or hash by one variable such as $remote_addr, $host, $request_uri, $cookie_name';

/** The label's directives of nginx's `upstream` block. */
export function readBalance(labels: ReadonlyMap<string, string>): BalancePolicy | LabelProblem {
  const raw = (labels.get(LABEL) ?? '').trim();
  const directives = raw
    .slice(0, MAX_DIRECTIVES)
    .split(';')
    .map((part) => part.trim().split(/\s+/))
    .filter(([name]) => name !== undefined && name !== '');
  const [first = [], ...more] = directives;
  if (first.length === 0) return DEFAULT_BALANCE;
  const policy = more.length > 0 ? undefined : readDirective(first);
  return policy ?? problem(`${LABEL}=${show(raw)} cannot be used`, EXPECTED);
}

function readDirective([name = '', ...words]: readonly string[]): BalancePolicy | undefined {
  switch (name) {
    case 'round_robin':
      return words.length === 0 ? DEFAULT_BALANCE : undefined;
    case 'least_conn':
      return words.length === 0 ? { ...DEFAULT_BALANCE, strategy: 'leastConnections' } : undefined;
    case 'least_time':
      return { ...DEFAULT_BALANCE, strategy: 'leastTime' };
    case 'ip_hash':
      return words.length === 0 ? { ...DEFAULT_BALANCE, strategy: 'hash', hashBy: { type: 'client' } } : undefined;
    case 'random':
      return { ...DEFAULT_BALANCE, strategy: words[0] === 'two' ? 'powerOfTwo' : 'random' };
    case 'hash':
      return readHash(words);
    default:
      return undefined;
  }
}

/** Rendezvous hashing moves no more clients than `consistent` does, so that the word changes nothing. */
function readHash(words: readonly string[]): BalancePolicy | undefined {
  const [key = '', second = 'consistent'] = words;
  const hashBy = second === 'consistent' && words.length <= 2 ? readKey(key) : undefined;
  return hashBy === undefined ? undefined : { ...DEFAULT_BALANCE, strategy: 'hash', hashBy };
}

const KEYS: ReadonlyMap<string, HashKey> = new Map([
  ['remote_addr', { type: 'client' }],
  ['binary_remote_addr', { type: 'client' }],
  ['realip_remote_addr', { type: 'client' }],
  // What a trusted proxy says of the client is who the client is, here.
  ['http_x_forwarded_for', { type: 'client' }],
  ['proxy_add_x_forwarded_for', { type: 'client' }],
  ['host', { type: 'host' }],
  ['http_host', { type: 'host' }],
  ['request_uri', { type: 'path' }],
  ['uri', { type: 'path' }],
]);

function readKey(text: string): HashKey | undefined {
  const [, braced, bare] = /^"?\$(?:\{(\w{1,128})\}|(\w{1,128}))"?$/.exec(text) ?? [];
  const name = braced ?? bare ?? '';
  const [, kind, rest = ''] = /^(http|cookie|arg)_(\w+)$/.exec(name) ?? [];
  const known = KEYS.get(name);
  if (known !== undefined || kind === undefined) return known;
  if (kind === 'http') return { type: 'header', name: rest.toLowerCase().replaceAll('_', '-') };
  return kind === 'cookie' ? { type: 'cookie', name: rest } : { type: 'query', name: rest };
}
