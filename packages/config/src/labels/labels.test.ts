import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCE } from '@dproxy/core';
import { readLabelFilters } from './read-label-filters.ts';
import { readLabelSection } from './read-label-section.ts';
import type { LabelWord } from './value-of-words.ts';

/** Labels as they are written, below `dproxy.`; the first word is the section. */
function wordsOf(labels: Readonly<Record<string, string>>): LabelWord[] {
  return Object.entries(labels).map(([label, value]) => ({ label, path: label.split('.').slice(1), value }));
}

const filters = (labels: Readonly<Record<string, string>>) => readLabelFilters(wordsOf(labels));
const value = (read: object): unknown => ('value' in read ? read.value : read);

describe('filters', () => {
  it('come in the order of their numbers, gaps or not, keys in any case', () => {
    const read = filters({
      'filters.10.addPrefix': '/x',
      'filters.2.STRIPPREFIX': '/a, /b',
      'filters.7.ratelimit.average': '5',
      'filters.7.rateLimit.burst': '10',
      'filters.8.headers.request.set.X-Team': 'blue',
      'filters.9.headers.request.set.x-flag': 'true',
    });
    expect(value(read)).toMatchObject([
      { type: 'stripPrefix', prefixes: ['/a', '/b'] },
      { type: 'rateLimit', average: 5, burst: 10 },
      { type: 'headers', request: [{ operation: 'set', name: 'x-team', value: 'blue' }] },
      { type: 'headers', request: [{ operation: 'set', name: 'x-flag', value: 'true' }] },
      { type: 'addPrefix', prefix: '/x' },
    ]);
  });

  it('may be given bare, by a label without a value, and with lists', () => {
    expect(value(filters({ 'filters.1': 'compress' }))).toMatchObject([{ type: 'compress' }]);
    expect(value(filters({ 'filters.1.buffer': '' }))).toMatchObject([{ type: 'buffer' }]);
    expect(value(filters({ filters: 'compress' }))).toMatchObject([{ type: 'compress' }]);
    const users =
      'ada:$2y$05$abcdefghijklmnopqrstuOvJZqRZAFjEnJDNKzwKHMiLPTbq8jTQK,bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';
    expect(value(filters({ 'filters.1.basicAuth.users': users }))).toMatchObject([
      {
        type: 'basicAuth',
        users: [
          ['ada', expect.any(String)],
          ['bob', expect.any(String)],
        ],
      },
    ]);
    expect(
      value(filters({ 'filters.1.cors.originPatterns.0': '^https://[a-z]{1,3}$', 'filters.1.cors.vary': 'false' })),
    ).toMatchObject([{ type: 'cors', originPatterns: ['^https://[a-z]{1,3}$'], vary: false }]);
  });

  it('name services where dproxy.yml has addresses', () => {
    const read = filters({
      'filters.1.errorPages.statuses': '404,500-599',
      'filters.1.errorPages.to': 'Pages',
      'filters.2.mirror': 'shadow,other',
    });
    expect(value(read)).toMatchObject([
      {
        type: 'errorPages',
        statuses: [
          [404, 404],
          [500, 599],
        ],
        backends: [{ backendId: 'pages', weight: 1 }],
      },
      { type: 'mirror', backends: [{ backendId: 'shadow' }, { backendId: 'other' }] },
    ]);
    expect(filters({ 'filters.1.mirror': 'http://169.254.169.254/' })).toMatchObject({
      findings: [{ label: 'filters.1.mirror', expected: 'the name of a service' }],
    });
  });

  it.each([
    [{ 'filters.1.retry.attemps': '3', 'filters.1.retry.attempts': '2' }, 'filters.1.retry.attemps', 'unknown key'],
    [{ 'filters.1.retry.attempts': 'many' }, 'filters.1.retry.attempts', 'found "many"'],
    [{ 'filters.1.stripPrefix': 'a' }, 'filters.1.stripPrefix', 'found "a"'],
    [{ 'filters.1.allowClients.ranges': '10.0.0.0/8,bad' }, 'filters.1.allowClients.ranges', 'bad'],
    [{ 'filters.1.stripPrefx': '/a' }, 'filters.1.stripPrefx', 'unknown key'],
    [{ 'filters.1.use': 'list' }, 'filters.1.use', 'for dproxy.yml'],
    [{ 'filters.1.retry': '2', 'filters.1.retry.delay': '1s' }, 'filters.1.retry', 'something else'],
    [
      { 'filters.1.retry.attempts': '2', 'filters.1.RETRY.attempts': '3' },
      'filters.1.RETRY.attempts',
      'something else',
    ],
    [{ 'filters.1.errorPages.statuses': '404' }, 'filters.1.errorPages.statuses', 'is missing'],
    [{ [`filters.1${'.a'.repeat(5_000)}`]: 'x' }, `filters.1${'.a'.repeat(5_000)}`, 'too many parts'],
  ])('%o is refused by its label', (labels, label, message) => {
    expect(filters(labels)).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ label, message: expect.stringContaining(message) })]),
    });
  });

  it('never show a password', () => {
    const read = filters({ 'filters.1.basicAuth.users': 'ada:secret' });
    expect(JSON.stringify(read)).not.toContain('secret');
    expect(read).toHaveProperty('findings');
  });
});

it('names from outside are only names', () => {
  const read = readLabelSection('match', wordsOf({ 'match.headers.__proto__': 'x', 'match.__proto__.a': 'x' }));
  expect(read).toHaveProperty('findings');
  expect(Object.prototype).not.toHaveProperty('a');
});

it('match: conditions of a request', () => {
  const read = readLabelSection(
    'match',
    wordsOf({
      'match.methods': 'get,post',
      'match.headers.X-Env': 'staging',
      'match.query.debug': 'true',
      'match.path': 'exact',
      'match.not.cookies.beta': '007',
    }),
  );
  expect(read).toEqual({
    value: {
      pathMatch: 'exact',
      condition: {
        type: 'all',
        of: [
          { type: 'method', methods: ['GET', 'POST'] },
          { type: 'header', name: 'x-env', value: 'staging' },
          { type: 'query', name: 'debug', value: null },
          { type: 'none', of: [{ type: 'cookie', name: 'beta', value: '007' }] },
        ],
      },
    },
  });
});

it('balance and health: short forms and maps', () => {
  const balance = (labels: Readonly<Record<string, string>>) => value(readLabelSection('balance', wordsOf(labels)));
  expect(balance({ balance: 'leastTime' })).toEqual({ ...DEFAULT_BALANCE, strategy: 'leastTime' });
  expect(
    balance({ 'balance.sticky': 'true', 'balance.sticky.name': 'who', 'balance.sticky.maxAge': '1d' }),
  ).toMatchObject({
    sticky: { name: 'who', maxAgeS: 86_400 },
  });
  expect(readLabelSection('balance', wordsOf({ balance: 'fastest' }))).toMatchObject({
    findings: [{ label: 'balance', message: 'found "fastest"' }],
  });
  expect(value(readLabelSection('health', wordsOf({ health: '/up' })))).toMatchObject({
    check: { type: 'http', path: '/up' },
  });
  expect(
    value(
      readLabelSection(
        'health',
        wordsOf({ 'health.path': '/up', 'health.interval': '5s', 'health.statuses': '200,204' }),
      ),
    ),
  ).toMatchObject({
    check: {
      path: '/up',
      intervalMs: 5_000,
      statuses: [
        [200, 200],
        [204, 204],
      ],
    },
  });
});

it('tcp and udp: a port, or options with the port or listener', () => {
  expect(value(readLabelSection('tcp', wordsOf({ tcp: '5432' })))).toMatchObject({ listen: 5432, tls: undefined });
  const labels = { 'tcp.listen': 'https', 'tcp.sni': 'a.test,*.b.test', 'tcp.tls': 'passthrough', 'tcp.idle': '10m' };
  expect(value(readLabelSection('tcp', wordsOf(labels)))).toMatchObject({
    listen: 'https',
    sni: ['a.test', '*.b.test'],
    tls: 'passthrough',
    idle: 600_000,
  });
  const udp = { 'udp.listen': '5353', 'udp.sessionsPerClient': '4' };
  expect(value(readLabelSection('udp', wordsOf(udp)))).toMatchObject({ listen: 5353, connectionsPerClient: 4 });
  expect(readLabelSection('udp', wordsOf({ 'udp.sni': 'a.test' }))).toHaveProperty('findings');
  expect(readLabelSection('tcp', wordsOf({ tcp: '0.0.0.0:22' }))).toMatchObject({ findings: [{ label: 'tcp' }] });
  expect(
    readLabelSection('tcp', wordsOf({ 'tcp.listen': '443', 'tcp.sni': 'a.test', 'tcp.tls': 'none' })),
  ).toMatchObject({
    findings: [{ label: 'tcp.tls' }],
  });
});
