import { LocalAuthority } from '@dproxy/certs';
import { DEFAULT_HTTPS, silentLog, type Listener, type RouteDefinition, type Snapshot } from '@dproxy/core';
import { eventually, tempFolder } from '@dproxy/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { ControlPlane, type Frame } from './control-plane.ts';
import { FRAME } from './_frame.ts';

const https: Listener = {
  id: 'https',
  protocol: 'https',
  addresses: [],
  publicPort: 443,
  proxyProtocol: [],
};

const frame: Frame = { ...FRAME, listeners: [https] };

function definition(host: string): RouteDefinition {
  return {
    id: host,
    origin: { source: 'file:/x.yml', name: 'routes[0]', line: 1, project: '' },
    hosts: [host],
    path: '/',
    audience: 'everyone',
    headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
    timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
    plugins: [],
    listeners: [],
    https: DEFAULT_HTTPS,
    backends: [],
    action: { type: 'respond', status: 200, body: 'hello', headers: [] },
    sinceMs: 0,
  };
}

async function newFolder(): Promise<string> {
  const folder = await tempFolder();
  onTestFinished(() => folder.remove());
  return folder.path;
}

async function start(previous?: Snapshot, directory?: string) {
  const authority = await LocalAuthority.open({
    directory: directory ?? (await newFolder()),
    log: silentLog,
    now: Date.now,
  });
  const published: Snapshot[] = [];
  const plane = new ControlPlane({
    log: silentLog,
    authority,
    nowMs: Date.now,
    previous,
    ledger: new Map(),
    publish: (snapshot) => published.push(snapshot),
    saveLedger: () => {},
  });
  onTestFinished(() => plane.close());
  return { plane, published };
}

test('nothing is published before every source has had its say', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] });
  expect(published).toEqual([]);
  await plane.open();
  expect([...(published[0]?.routes.values() ?? [])].map((route) => route.host)).toEqual(['a.test']);
});

test('the leaf of the local CA follows the route in a second Snapshot', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] });
  await plane.open();
  expect(published[0]?.certificates.size).toBe(0);
  await eventually(() => published.length > 1);
  const names = [...(published[1]?.certificates.values() ?? [])].flatMap((ref) => ref.names);
  expect(names).toContain('a.test');
});

test('several changes of one moment make one Snapshot', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  await plane.open();
  await eventually(() => (published.at(-1)?.certificates.size ?? 0) > 0);
  const before = published.length;
  for (const host of ['a.test', 'b.test', 'c.test']) {
    plane.setSource({ source: `file:/${host}`, definitions: [definition(host)], rejected: [] });
  }
  await eventually(() => published.length > before);
  expect(published[before]?.routes.size).toBe(3);
});

test('a restart with the same content says it once, with the same version', async () => {
  const state = { source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] };
  const folder = await newFolder();
  const first = await start(undefined, folder);
  first.plane.setFrame(frame);
  first.plane.setSource(state);
  await first.plane.open();
  await eventually(() => first.published.length > 1);
  const before = first.published.at(-1);
  const second = await start(before, folder);
  second.plane.setFrame(frame);
  second.plane.setSource(state);
  await second.plane.open();
  expect(second.published[0]).toBe(before);
});

test('what an engine served before a restart stays until it speaks, or nobody wants it any more', async () => {
  const engine = { source: 'docker:one', definitions: [definition('a.test')], rejected: [] };
  const other = { source: 'docker:two', definitions: [definition('b.test')], rejected: [] };
  const ofContainer = (source: string, host: string): RouteDefinition => ({
    ...definition(host),
    origin: { source, name: 'web', line: 0, project: '' },
  });
  const before = await start();
  before.plane.setFrame(frame);
  before.plane.setSource({ ...engine, definitions: [ofContainer('docker:one', 'a.test')] });
  before.plane.setSource({ ...other, definitions: [ofContainer('docker:two', 'b.test')] });
  await before.plane.open();

  const { plane, published } = await start(before.published.at(-1));
  const hosts = (): readonly string[] => [...(published.at(-1)?.routes.values() ?? [])].map(({ host }) => host);
  plane.setFrame(frame);
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('file.test')], rejected: [] });
  plane.awaitSources(['docker:one', 'docker:two']);
  await plane.open();
  expect(hosts()).toEqual(['a.test', 'b.test', 'file.test']);
  plane.setSource({ ...engine, definitions: [ofContainer('docker:one', 'new.test')] });
  await eventually(() => hosts().join() === 'b.test,file.test,new.test');
  plane.removeSource('docker:two');
  await eventually(() => hosts().join() === 'file.test,new.test');
});

test('without an https listener no leaf is made', async () => {
  const { plane, published } = await start();
  plane.setFrame({ ...frame, listeners: [] });
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] });
  await plane.open();
  plane.setSource({ source: 'file:/y.yml', definitions: [definition('b.test')], rejected: [] });
  await eventually(() => published.at(-1)?.routes.size === 2);
  expect(published.at(-1)?.certificates.size).toBe(0);
});

test('many new hosts get their leafs in instalments, not all at the end', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  const definitions = Array.from({ length: 600 }, (_, n) => definition(`h${n}.test`));
  plane.setSource({ source: 'file:/x.yml', definitions, rejected: [] });
  await plane.open();
  await eventually(() => (published.at(-1)?.certificates.size ?? 0) > 600);
  const sizes = published.map((snapshot) => snapshot.certificates.size);
  expect(sizes.filter((size) => size > 0 && size < 600).length).toBeGreaterThan(0);
});

test('challenges are in the table when the call returns, together with what waited', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  await plane.open();
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] });
  const challenge = { id: 'http-01:t', type: 'http-01', host: 'a.test', token: 't', keyAuthorization: 't.p' } as const;
  const version = plane.setChallenges([challenge], new Map());
  const last = published.at(-1);
  expect(last).toMatchObject({ version, challenges: new Map([[challenge.id, challenge]]) });
  expect(last?.routes.size).toBe(1);
  expect(plane.setChallenges([], new Map())).toBe(version + 1);
});

test('a host with a certificate of an authority gets no leaf of the local CA', async () => {
  const { plane, published } = await start();
  plane.setFrame(frame);
  plane.setSource({ source: 'file:/x.yml', definitions: [definition('a.test')], rejected: [] });
  plane.setOrderedCertificates({ refs: [{ id: 'c1', names: ['a.test'], kind: 'acme' }], material: new Map() });
  await plane.open();
  await eventually(() => published.length > 1);
  const kinds = [...(published.at(-1)?.certificates.values() ?? [])].map(({ kind, names }) => [kind, names[0]]);
  expect(kinds).toEqual(expect.arrayContaining([['acme', 'a.test']]));
  expect(kinds).not.toContainEqual(['local', 'a.test']);
});
