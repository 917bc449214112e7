import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENGINE, inputOf, sampleBackend, sampleContainer } from './_samples.ts';
import type { Listener } from './listener.ts';
import { buildSnapshot, type SnapshotInput, type SnapshotResult } from './merge.ts';
import type { Origin, RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';

const LISTENERS = [listener('http', 'http', 8080, 80), listener('https', 'https', 8443, 443)];

function listener(id: string, protocol: Listener['protocol'], port: number, publicPort = port): Listener {
  return { id, protocol, addresses: [{ host: '127.0.0.1', port }], publicPort, proxyProtocol: [] };
}

interface StreamSpec extends Partial<Omit<StreamDefinition, 'origin'>> {
  readonly origin?: Partial<Origin>;
}

/** What discovery says of a raw service of the container `name`. */
function stream(name: string, { origin, ...spec }: StreamSpec = {}): StreamDefinition {
  const backends = spec.backends ?? [sampleBackend(`docker:${name}:4`, { protocol: 'tcp' })];
  return {
    id: name,
    protocol: 'tcp',
    tls: 'none',
    clients: [],
    alpn: [],
    connectionsPerClient: 0,
    priority: 0,
    idleMs: 0,
    listener: '',
    port: 5000,
    hosts: ['*'],
    sinceMs: 1_000,
    ...spec,
    backends,
    refs: spec.refs ?? backends.map(({ id }) => ({ backendId: id, weight: 1 })),
    origin: { source: ENGINE, name, line: 0, project: '', ...origin },
  };
}

function build(
  streams: readonly StreamDefinition[],
  more: Partial<SnapshotInput> & { readonly definitions?: readonly RouteDefinition[] } = {},
): SnapshotResult {
  const { definitions = [], ...input } = more;
  const sources = [...Map.groupBy(streams, ({ origin }) => origin.source)].map(([source, own]) => ({
    source,
    definitions: [],
    streams: own,
    rejected: [],
  }));
  const routes = { source: ENGINE, definitions, rejected: [] };
  return buildSnapshot(inputOf([], { listeners: LISTENERS, sources: [...sources, routes], ...input }));
}

function seen({ snapshot }: SnapshotResult): Record<string, readonly string[]> {
  return Object.fromEntries([...snapshot.streams].map(([id, { backends }]) => [id, backends.map((b) => b.backendId)]));
}

function listenersOf({ snapshot }: SnapshotResult): string[] {
  return [...snapshot.listeners.keys()].filter((id) => id !== 'http' && id !== 'https');
}

function reasons({ rejected }: SnapshotResult): string[] {
  return rejected.map(({ source, message }) => `${source} ${message}`);
}

describe('streams', () => {
  it('of containers of one engine on one port share it, whatever they are called', () => {
    const result = build([stream('one', { hosts: ['irc.test'] }), stream('two', { hosts: ['other.test'] })]);
    expect(seen(result)).toEqual({ 'tcp:5000/*': ['docker:one:4', 'docker:two:4'] });
    expect([...result.snapshot.backends.keys()]).toEqual(['docker:one:4', 'docker:two:4']);
    expect(result.rejected).toEqual([]);
  });

  it('of another source, or another kind, are shadowed by the oldest', () => {
    const result = build([
      stream('one', { port: 443, tls: 'passthrough', hosts: ['db.test'] }),
      stream('two', { port: 443, tls: 'terminate', hosts: ['db.test', 'kv.test'], sinceMs: 2_000 }),
      stream('far', {
        port: 443,
        tls: 'passthrough',
        hosts: ['db.test'],
        sinceMs: 3_000,
        origin: { source: 'docker:far' },
      }),
    ]);
    expect(seen(result)).toEqual({ 'https/db.test': ['docker:one:4'], 'https/kv.test': ['docker:two:4'] });
    expect(result.shadowedStreams.map((each) => [each.host, each.origin.name, each.shadowedBy.name])).toEqual([
      ['db.test', 'two', 'one'],
      ['db.test', 'far', 'one'],
    ]);
  });

  it('tell in what replicas differ; the oldest holds', () => {
    const result = build([stream('one', { idleMs: 5 }), stream('two', { idleMs: 6, sinceMs: 2_000 })]);
    expect(result.snapshot.streams.get('tcp:5000/*')?.idleMs).toBe(5);
    expect(reasons(result)).toEqual(['docker:two tcp:5000/*: idleMs not as on one, which is older and holds']);
  });

  it('are apart where they take other clients or protocols', () => {
    const result = build([stream('one', { clients: ['10.0.0.0/8'] }), stream('two')]);
    expect(Object.values(seen(result))).toEqual([['docker:two:4'], ['docker:one:4']]);
  });

  it('have no backend that a container may not have', () => {
    const evil = sampleBackend('evil', { address: '169.254.169.254' });
    const result = build([
      stream('one', { backends: [evil] }),
      stream('two', { backends: [evil, sampleBackend('ok')] }),
    ]);
    expect(seen(result)).toEqual({ 'tcp:5000/*': ['ok'] });
    expect(result.rejected).toHaveLength(2);
  });

  it('belong to projects by name, and a whole port as one name', () => {
    const own = { origin: { project: 'shop' } };
    const thief = { origin: { project: 'thief' }, sinceMs: 1 };
    const named = { port: 443, tls: 'passthrough', hosts: ['db.test'] } as const;
    const first = build([stream('a', own), stream('b', { ...own, ...named })], {
      ownership: { ledger: new Map(), nowMs: 1 },
    });
    expect([...first.ledger.keys()]).toEqual(['tcp:5000/*', 'db.test']);
    const second = build([stream('c', thief), stream('d', { ...thief, ...named }), stream('a', own)], {
      ownership: { ledger: first.ledger, nowMs: 2 },
      definitions: [sampleContainer('e', ['db.test'], thief)],
    });
    expect(seen(second)).toEqual({ 'tcp:5000/*': ['docker:a:4'] });
    expect(second.shadowedStreams.map(({ reason }) => reason)).toEqual([
      'it belongs to the project shop',
      'it belongs to the project shop',
    ]);
    expect(second.snapshot.routes.size).toBe(0);
  });
});

describe('listeners', () => {
  it('open for what is asked for, where HTTP is bound, and go with the last who asks', () => {
    const web = sampleContainer('web', ['a.test'], { publicPorts: [{ port: 5001, protocol: 'https' }] });
    const result = build([stream('one'), stream('dns', { protocol: 'udp', port: 5000 })], { definitions: [web] });
    expect(listenersOf(result)).toEqual(['https:5001', 'tcp:5000', 'udp:5000']);
    expect(result.snapshot.listeners.get('tcp:5000')).toEqual({
      id: 'tcp:5000',
      protocol: 'tcp',
      addresses: [{ host: '127.0.0.1', port: 5000 }],
      publicPort: 5000,
      proxyProtocol: [],
    });
    expect(listenersOf(build([], { previous: result.snapshot }))).toEqual([]);
  });

  it('are no backends: a container on the network of the host cannot send a port round to itself', () => {
    const here = (port: number) =>
      sampleBackend(`docker:round:${port}`, { protocol: 'tcp', address: '192.0.2.7', port });
    const settings = { ...inputOf([]).settings, ownAddresses: ['192.0.2.7:8080', '127.0.0.1:8080'] };
    const web = sampleContainer('web', ['a.test'], {
      backends: [here(5001)],
      publicPorts: [{ port: 5001, protocol: 'http' }],
    });
    const streams = [
      stream('round', { backends: [here(5000)] }),
      stream('fine', { port: 5002, backends: [here(6000)] }),
    ];
    const result = build(streams, { definitions: [web], settings });
    expect(listenersOf(result)).toEqual(['tcp:5002']);
    expect(result.snapshot.routes.size).toBe(0);
    expect(result.rejected.map(({ message }) => message)).toEqual([
      '192.0.2.7:5001 is refused as a backend: it is where dproxy itself listens',
      '192.0.2.7:5000 is refused as a backend: it is where dproxy itself listens',
    ]);
  });

  it('of a route are those that it names and those of its ports', () => {
    const routes = [
      sampleContainer('a', ['a.test'], { publicPorts: [{ port: 5000, protocol: 'http' }] }),
      sampleContainer('b', ['b.test'], { publicPorts: [{ port: 5000, protocol: 'http' }], listeners: ['https'] }),
      sampleContainer('c', ['c.test'], { publicPorts: [{ port: 80, protocol: 'http' }] }),
      sampleContainer('d', ['d.test']),
    ];
    const { snapshot } = build([], { definitions: routes });
    expect([...snapshot.routes.values()].map(({ host, listeners }) => [host, ...listeners])).toEqual([
      ['a.test', 'http:5000'],
      ['b.test', 'https', 'http:5000'],
      ['c.test', 'http'],
      ['d.test'],
    ]);
  });

  it('80 and 443 are those of HTTP and HTTPS, wherever these are bound, and so are the ports that they are bound to', () => {
    const routes = [
      sampleContainer('a', ['a.test'], { publicPorts: [{ port: 443, protocol: 'http' }] }),
      sampleContainer('b', ['b.test'], { publicPorts: [{ port: 8080, protocol: 'http' }] }),
    ];
    const named = stream('one', { port: 8443, tls: 'terminate', hosts: ['c.test'] });
    const { snapshot } = build([named], { definitions: routes });
    expect([...snapshot.routes.values()].flatMap(({ listeners }) => listeners)).toEqual(['https', 'http']);
    expect([...snapshot.streams.keys()]).toEqual(['https/c.test']);
    expect(snapshot.listeners.size).toBe(2);
  });

  it.each<[string, StreamSpec, RegExp]>([
    ['a port below 1024', { port: 25 }, /not for containers .*/],
    ['no port', { port: 0 }, /no port/],
    ['a number beyond all ports', { port: 70_000 }, /no port/],
    ['the port of the admin API', { port: 16_000 }, /dproxy itself answers/],
    ['HTTP in clear', { port: 80 }, /port 80 cannot be tcp: the listener http has it as http, and keeps it/],
    ['HTTPS without a name', { port: 443 }, /port 443 cannot be tcp/],
    ['a listener that is not there', { listener: 'web' }, /there is no listener web/],
    ['a listener of another kind', { listener: 'http', tls: 'passthrough' }, /the listener http cannot be tcp/],
  ])('refuse %s', (_, spec, expected) => {
    const result = build([stream('one', spec)]);
    expect(result.snapshot.streams.size).toBe(0);
    expect(listenersOf(result)).toEqual([]);
    expect(reasons(result)).toEqual([expect.stringMatching(expected)]);
  });

  it('low ports open where the operator allows it', () => {
    const allowedPorts = [{ from: 25, to: 53 }];
    expect(listenersOf(build([stream('one', { port: 53, protocol: 'udp' })], { allowedPorts }))).toEqual(['udp:53']);
    expect(listenersOf(build([stream('one', { port: 54 })], { allowedPorts }))).toEqual([]);
  });

  it('keep what they speak: who asks later for something else is refused, in every order of the sources', () => {
    const web = sampleContainer('web', ['a.test'], { publicPorts: [{ port: 5000, protocol: 'http' }], sinceMs: 2_000 });
    const younger = build([stream('irc')], { definitions: [web] });
    expect(listenersOf(younger)).toEqual(['tcp:5000']);
    expect(younger.snapshot.routes.size).toBe(0);
    expect(reasons(younger)).toEqual(['docker:web port 5000 cannot be http: irc has it as tcp, and keeps it']);
    const older = build([stream('irc')], { definitions: [{ ...web, sinceMs: 1 }] });
    expect([listenersOf(older), seen(older)]).toEqual([['http:5000'], {}]);
    expect(reasons(older)).toEqual(['docker:irc port 5000 cannot be tcp: web has it as http, and keeps it']);
  });

  it('of the configuration are joined by who speaks the same', () => {
    const listeners = [...LISTENERS, listener('tcp:5000', 'tcp', 5000), listener('db', 'tcp', 5432)];
    const result = build(
      [stream('one'), stream('two', { listener: 'db' }), stream('three', { port: 5432, sinceMs: 2 })],
      {
        listeners,
      },
    );
    expect(seen(result)).toEqual({ 'db/*': ['docker:three:4', 'docker:two:4'], 'tcp:5000/*': ['docker:one:4'] });
    expect(result.snapshot.listeners.size).toBe(4);
  });

  it('are not more than one container, and all together, may open', () => {
    const many = Array.from({ length: 70 }, (_, index) =>
      stream(`s${index}`, { port: 5000 + index, origin: { name: 'one' } }),
    );
    const result = build(many);
    expect(listenersOf(result)).toHaveLength(64);
    expect(result.rejected).toHaveLength(6);
    const crowd = Array.from({ length: 600 }, (_, index) => stream(`c${index}`, { port: 5000 + index }));
    expect(listenersOf(build(crowd))).toHaveLength(512);
  });

  it('do not open for who lost the port to another project', () => {
    const ledger = build([stream('a', { origin: { project: 'shop' } })], {
      ownership: { ledger: new Map(), nowMs: 1 },
    }).ledger;
    expect(listenersOf(build([stream('b')], { ownership: { ledger, nowMs: 2 } }))).toEqual([]);
  });
});

it('stay with their ports while their engine has not spoken since a restart, unless the port has another use now', () => {
  const previous = build([stream('one'), stream('two', { port: 6000 })]).snapshot;
  const unheard = new Set([ENGINE]);
  const web = listener('web', 'http', 6000);
  const now = buildSnapshot(inputOf([], { sources: [], listeners: [...LISTENERS, web], previous, unheard }));
  expect(seen(now)).toEqual({ 'tcp:5000/*': ['docker:one:4'], 'tcp:6000/*': ['docker:two:4'] });
  expect(listenersOf(now)).toEqual(['tcp:5000', 'web']);
});

it('is the same for any order', () => {
  const port = fc.constantFrom(80, 443, 5000, 5001);
  const arbitrary = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('one', 'two', 'three', 'four', '__proto__'),
      port,
      tls: fc.constantFrom('none' as const, 'terminate' as const, 'passthrough' as const),
      hosts: fc.array(fc.constantFrom('a.test', '*.a.test', '*'), { maxLength: 2 }),
      sinceMs: fc.integer({ min: 0, max: 2 }),
      source: fc.constantFrom(ENGINE, 'docker:far'),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  );
  fc.assert(
    fc.property(arbitrary, port, (specs, webPort) => {
      const definitions = [
        sampleContainer('web', ['a.test'], { publicPorts: [{ port: webPort, protocol: 'http' }], sinceMs: 1 }),
      ];
      const streams = specs.map(({ name, source, ...spec }) => stream(name, { ...spec, origin: { source } }));
      const [a, b] = [build(streams, { definitions }), build(streams.toReversed(), { definitions })];
      expect(b.snapshot).toEqual(a.snapshot);
      for (const route of a.snapshot.streams.values()) expect(a.snapshot.listeners.has(route.listenerId)).toBe(true);
      for (const { listeners } of a.snapshot.routes.values()) {
        for (const id of listeners) expect(a.snapshot.listeners.has(id)).toBe(true);
      }
    }),
  );
});
