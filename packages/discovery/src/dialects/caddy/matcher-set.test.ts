import { compileCondition, type Condition, type RequestFacts } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { LAST, type Block } from './block.ts';
import { readMatcherSet } from './matcher-set.ts';
import { UNTOUCHED } from './path-matcher.ts';

function block(...keys: string[]): Block {
  return { label: 'caddy.@m', order: LAST, keys, children: [] };
}

function matcher(...lines: readonly (readonly string[])[]): Block {
  return { ...block('@m'), children: lines.map((keys) => block(...keys)) };
}

function takes(
  condition: Condition | null,
  request: Partial<RequestFacts> & { headers?: Record<string, string> },
): boolean {
  if (condition === null) return true;
  const { headers = {} } = request;
  return compileCondition(condition)({
    method: 'GET',
    host: 'a.test',
    path: '/',
    header: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    cookie: () => [],
    query: () => [],
    clientAddress: '203.0.113.9',
    isEncrypted: false,
    ...request,
  });
}

describe('paths', () => {
  it.each([
    ['/api', '/api', true],
    ['/api', '/API', true],
    ['/api', '/api/', false],
    ['/api', '/apis', false],
    ['/api/*', '/api/x/y', true],
    ['/api/*', '/api', false],
    ['/api*', '/apis', true],
    ['*.php', '/a/b.PHP', true],
    ['*.php', '/a/b.phpx', false],
    ['*/x/*', '/a/x/b', true],
    ['/a/*/c', '/a/b/c', true],
    ['/a/*/c', '/a/b/b/c', false],
    ['/a.b', '/axb', false],
    ['/a+b(c)', '/a+b(c)', true],
    ['/a@b', '/a%40b', true],
    ['/ü', '/%C3%BC', true],
    ['/a b', '/a%20b', true],
    ['*', '/anything', true],
  ])('%s takes %s: %s', (pattern, path, isTaken) => {
    expect(takes(readMatcherSet(block('@m', 'path', pattern), UNTOUCHED), { path })).toBe(isTaken);
  });

  it('are seen with what was stripped before', () => {
    const condition = readMatcherSet(block('@m', 'path', '/x/*'), { type: 'stripped', prefix: '/api' });
    expect(takes(condition, { path: '/api/x/y' })).toBe(true);
    expect(takes(condition, { path: '/x/y' })).toBe(false);
  });

  it.each(['api', '/a?b', '/[a]', '/{path}', String.raw`/a\b`])('refuses %s', (pattern) => {
    expect(() => readMatcherSet(block('@m', 'path', pattern), UNTOUCHED)).toThrow(/"/);
  });

  it('cannot be told behind a rewrite', () => {
    expect(() => readMatcherSet(block('@m', 'path', '/a'), { type: 'rewritten' })).toThrow(/"\/a"/);
  });
});

describe('matcher sets', () => {
  it('hold together, and values of one kind are alternatives', () => {
    const condition = readMatcherSet(matcher(['path', '/a', '/b'], ['method', 'post', 'PUT']), UNTOUCHED);
    expect(takes(condition, { path: '/b', method: 'POST' })).toBe(true);
    expect(takes(condition, { path: '/b', method: 'GET' })).toBe(false);
    expect(takes(condition, { path: '/c', method: 'PUT' })).toBe(false);
  });

  it('tells headers by value, by beginning and end, by being there and by not being there', () => {
    const ws = readMatcherSet(
      matcher(['header', 'Connection', '*Upgrade*'], ['header', 'Upgrade', 'websocket']),
      UNTOUCHED,
    );
    expect(takes(ws, { headers: { connection: 'keep-alive, Upgrade', upgrade: 'websocket' } })).toBe(true);
    expect(takes(ws, { headers: { connection: 'keep-alive, Upgrade' } })).toBe(false);
    const there = readMatcherSet(block('@m', 'header', 'X-A'), UNTOUCHED);
    expect([takes(there, { headers: { 'x-a': '' } }), takes(there, {})]).toEqual([true, false]);
    const absent = readMatcherSet(block('@m', 'header', '!X-A'), UNTOUCHED);
    expect([takes(absent, { headers: { 'x-a': '' } }), takes(absent, {})]).toEqual([false, true]);
    const either = readMatcherSet(matcher(['header', 'X-A', '1*'], ['header', 'X-A', '*2']), UNTOUCHED);
    expect([takes(either, { headers: { 'x-a': '12' } }), takes(either, { headers: { 'x-a': '31' } })]).toEqual([
      true,
      false,
    ]);
  });

  it('knows clients, hosts, queries, protocols and patterns', () => {
    const inside = readMatcherSet(block('@m', 'remote_ip', 'private_ranges'), UNTOUCHED);
    expect([takes(inside, { clientAddress: '10.1.2.3' }), takes(inside, {})]).toEqual([true, false]);
    const host = readMatcherSet(block('@m', 'host', 'foo.a.test', '*.b.test'), UNTOUCHED);
    expect([takes(host, { host: 'x.b.test' }), takes(host, { host: 'x.y.b.test' })]).toEqual([true, false]);
    const query = readMatcherSet(block('@m', 'query', 'a=1', 'b=*'), UNTOUCHED);
    const asked = (a: string[], b: string[]) => takes(query, { query: (name) => (name === 'a' ? a : b) });
    expect([asked(['1'], ['x']), asked(['1'], []), asked(['2'], ['x'])]).toEqual([true, false, false]);
    expect(takes(readMatcherSet(block('@m', 'protocol', 'https'), UNTOUCHED), { isEncrypted: true })).toBe(true);
    const versions = readMatcherSet(block('@m', 'path_regexp', 'name', '^/v[0-9]+'), UNTOUCHED);
    expect([takes(versions, { path: '/v12' }), takes(versions, { path: '/v' })]).toEqual([true, false]);
  });

  it('takes what none of its nots takes', () => {
    const lines = matcher(['not', 'path', '/a'], ['not', 'method', 'POST']);
    const condition = readMatcherSet(lines, UNTOUCHED);
    expect(takes(condition, { path: '/b' })).toBe(true);
    expect(takes(condition, { path: '/a' })).toBe(false);
    expect(takes(condition, { path: '/b', method: 'POST' })).toBe(false);
  });

  it.each([
    [['expression', 'true']],
    [['file', '/x']],
    [['vars', 'a', 'b']],
    [['remote_ip', 'nonsense']],
    [['path_regexp', '(?=a)']],
    [['header', 'X-A', '{http.request.uri}']],
    [['query', 'a=*b']],
    [['protocol', 'http/3']],
    [['not', 'path', '*']],
    [['path']],
    [[]],
  ])('refuses %j', (keys) => {
    expect(() => readMatcherSet(block('@m', ...keys), UNTOUCHED)).toThrow();
  });
});
