import { describe, expect, it } from 'vitest';
import { ENGINE, inputOf, sampleBackend, sampleContainer, sampleEntry, sourceOfAll } from './_samples.ts';
import type { Listener } from './listener.ts';
import { buildSnapshot, type SnapshotResult } from './merge.ts';
import type { RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';

const HTTPS: Listener = {
  id: 'https',
  protocol: 'https',
  addresses: [{ host: '127.0.0.1', port: 8443 }],
  publicPort: 443,
  proxyProtocol: [],
};

function stream(name: string, spec: Partial<StreamDefinition>): StreamDefinition {
  return {
    id: name,
    protocol: 'tcp',
    tls: 'passthrough',
    clients: [],
    alpn: [],
    connectionsPerClient: 0,
    priority: 0,
    idleMs: 0,
    listener: '',
    port: 443,
    hosts: ['*'],
    sinceMs: 1_000,
    backends: [sampleBackend(`docker:${name}:4`, { protocol: 'tcp' })],
    refs: [{ backendId: `docker:${name}:4`, weight: 1 }],
    origin: { source: ENGINE, name, line: 0, project: name },
    ...spec,
  };
}

function build(definitions: readonly RouteDefinition[], streams: readonly StreamDefinition[] = [], isOwned = true) {
  const ownership = isOwned ? { ownership: { ledger: new Map(), nowMs: 1 } } : {};
  const sources = [{ ...sourceOfAll(definitions), streams }];
  return buildSnapshot(inputOf([], { sources, listeners: [HTTPS], ...ownership }));
}

const ids = ({ snapshot }: SnapshotResult): readonly string[] => [...snapshot.routes.keys()].sort();

describe('with ownership: project a route of dproxy.yml is taken by no label', () => {
  const admin = sampleEntry(0, ['admin.test'], { sinceMs: 9_000 });

  it.each<[string, Partial<RouteDefinition>]>([
    ['of the same path, however old', { sinceMs: 1 }],
    ['of a path below it', { path: '/login' }],
    ['with a priority', { priority: 1_000_000 }],
    ['with a condition', { condition: { type: 'encrypted', is: true } }],
    ['on one listener', { listeners: ['https'] }],
  ])('%s', (_, spec) => {
    const result = build([admin, sampleContainer('evil', ['admin.test', 'evil.test'], spec)]);
    expect(ids(result).filter((id) => id.startsWith('admin'))).toEqual(['admin.test/']);
    expect(result.snapshot.routes.get('admin.test/')?.origins).toMatchObject([{ name: 'routes[0]' }]);
    expect(result.shadowed).toMatchObject([
      { host: 'admin.test', shadowedBy: { name: 'routes[0]' }, reason: 'dproxy.yml has a route for it' },
    ]);
    expect(ids(result).some((id) => id.startsWith('evil.test'))).toBe(true);
  });

  it('but stands beside theirs where it takes only a part, and comes first there', () => {
    const status = sampleEntry(0, ['shop.test'], { path: '/status' });
    const shop = sampleContainer('shop', ['shop.test'], { priority: 1_000_000 });
    const result = build([status, shop]);
    expect(ids(result)).toEqual(['shop.test/', 'shop.test/status']);
    expect(result.snapshot.routes.get('shop.test/')?.priority).toBe(0);
    expect(result.shadowed).toEqual([]);
  });

  it('and a stream on the listener of the site takes neither its name', () => {
    const result = build([admin], [stream('evil', { hosts: ['admin.test', 'evil.test'] })]);
    expect([...result.snapshot.streams.keys()]).toEqual(['https/evil.test']);
    expect(result.shadowedStreams).toMatchObject([{ host: 'admin.test', shadowedBy: { name: 'routes[0]' } }]);
  });

  it('nor, for all names at once, those of others', () => {
    const streams = [stream('evil', { priority: 1_000_000 }), stream('db', { hosts: ['db.test'], priority: 7 })];
    const priorities = (result: SnapshotResult) =>
      [...result.snapshot.streams].map(([id, { priority }]) => [id, priority]);
    expect(priorities(build([], streams))).toEqual([
      ['https/* tls', 0],
      ['https/db.test', 7],
    ]);
    expect(priorities(build([], streams, false))).toEqual([
      ['https/* tls', 1_000_000],
      ['https/db.test', 7],
    ]);
  });
});

it('where all trust each other, containers may add to the hosts of dproxy.yml', () => {
  const result = build(
    [sampleEntry(0, ['admin.test']), sampleContainer('api', ['admin.test'], { path: '/api', priority: 5 })],
    [],
    false,
  );
  expect(ids(result)).toHaveLength(2);
  expect(result.shadowed).toEqual([]);
});
