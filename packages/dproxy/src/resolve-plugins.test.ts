import { DEFAULT_HTTPS, type RouteDefinition, type SourceState } from '@dproxy/core';
import { expect, test } from 'vitest';
import { resolvePlugins } from './resolve-plugins.ts';

const names = {
  plugins: [{ name: 'auth', module: '/etc/dproxy/auth.js', options: { role: 'user', log: true } }],
  configFolder: '/etc',
};

function state(source: string, plugins: readonly string[]): SourceState {
  const definition: RouteDefinition = {
    id: 'x',
    origin: { source, name: 'web', line: 0, project: '' },
    hosts: ['a.test'],
    path: '/',
    audience: 'everyone',
    headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
    timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
    plugins: plugins.map((module) => ({ module, options: module === 'auth' ? { role: 'admin' } : {} })),
    listeners: [],
    https: DEFAULT_HTTPS,
    action: { type: 'forward', backends: [] },
    backends: [],
    sinceMs: 0,
  };
  return { source, definitions: [definition], rejected: [] };
}

test('a listed name becomes its module, for containers and for the file', () => {
  for (const source of ['docker:unix:///x', 'file:/etc/dproxy.yml']) {
    const { definitions } = resolvePlugins(state(source, ['auth']), names);
    expect(definitions[0]?.plugins).toEqual([{ module: '/etc/dproxy/auth.js', options: { role: 'admin', log: true } }]);
  }
});

test('a container cannot name a module of the host: its definition is refused with what is listed', () => {
  for (const name of ['/tmp/evil.js', './evil.js', 'some-package', '__proto__']) {
    const { definitions, rejected } = resolvePlugins(state('docker:unix:///x', ['auth', name]), names);
    expect(definitions).toEqual([]);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toMatchObject({ source: 'docker:web', expected: 'one of auth' });
    expect(rejected[0]?.message).toContain(JSON.stringify(name));
  }
});

test('the file may name a module itself, relative to where it is', () => {
  const { definitions } = resolvePlugins(state('file:/etc/dproxy.yml', ['./x.js', 'pkg']), names);
  expect(definitions[0]?.plugins).toEqual([
    { module: '/etc/x.js', options: {} },
    { module: 'pkg', options: {} },
  ]);
});
