import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashContent, type Snapshot } from '@dproxy/core';
import { eventually, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { fixtureTable } from '../fixtures/fixture-table.ts';
import {
  allHave,
  log,
  NO_STATS,
  primary,
  rawWorker,
  socketPath,
  useExchange,
  versionsOf,
  worker,
} from '../fixtures/exchange.ts';

useExchange();

it('listens on a socket that only its owner can use, in a folder that only its owner can enter', async () => {
  await primary();
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(socketPath))).mode & 0o777).toBe(0o700);
});

it('hands the whole table to a worker that comes, and deltas after it', async () => {
  const server = await primary();
  const raw = await rawWorker();
  await raw.get('welcome');
  server.publish(fixtureTable({ version: 1, routes: 5_000 }), new Map());
  const snapshot = await raw.get('snapshot');
  raw.send({ type: 'ack', version: 1, hash: snapshot['hash'], failed: [] });
  await allHave(server, 1);
  server.publish(fixtureTable({ version: 2, routes: 5_000, firstPort: 7 }), new Map());
  const delta = await raw.get('delta');
  expect(delta).toMatchObject({ fromVersion: 1, version: 2 });
  // One route of 5,000: bytes, not megabytes.
  expect(JSON.stringify(delta).length).toBeLessThan(2_000);
  expect(JSON.stringify(snapshot).length).toBeGreaterThan(1_000_000);
});

it('brings workers that came before, between and after the tables to the same one', async () => {
  const early = worker();
  const server = await primary();
  server.publish(fixtureTable({ version: 1 }), new Map());
  await allHave(server, 1);
  const between = worker();
  server.publish(fixtureTable({ version: 2, firstPort: 2 }), new Map());
  await allHave(server, 2, 2);
  server.publish(fixtureTable({ version: 3, firstPort: 3 }), new Map());
  const late = worker();
  await allHave(server, 3, 3);
  for (const each of [early, between, late])
    expect(each.client.current).toEqual(fixtureTable({ version: 3, firstPort: 3 }));
});

it('sends nothing before there is a table, so a primary that restarts never empties one', async () => {
  const first = await primary();
  const one = worker();
  first.publish(fixtureTable({ version: 7 }), new Map());
  await allHave(first, 7);
  await first.close();
  const second = await primary();
  await second.waitUntil((workers) => workers.length === 1, 10_000);
  expect(one.client.current?.version).toBe(7);
  expect(second.workers()).toMatchObject([{ version: 7 }]);
  second.publish(fixtureTable({ version: 1, firstPort: 5 }), new Map());
  await allHave(second, 1);
  expect(versionsOf(one)).toEqual([7, 1]);
});

it('does not send a table that the worker has already', async () => {
  const first = await primary();
  const one = worker();
  first.publish(fixtureTable({ version: 1 }), new Map());
  await allHave(first, 1);
  await first.close();
  const second = await primary();
  second.publish(fixtureTable({ version: 1 }), new Map());
  await allHave(second, 1);
  second.publish(fixtureTable({ version: 2 }), new Map());
  await allHave(second, 2);
  expect(versionsOf(one)).toEqual([1, 2]);
});

it('asks for the whole table when a delta does not fit', async () => {
  const server = await primary();
  server.publish(fixtureTable({ version: 1 }), new Map());
  const raw = await rawWorker();
  const { hash } = await raw.get('snapshot');
  raw.send({ type: 'ack', version: 1, hash, failed: [] });
  await allHave(server, 1);
  server.publish(fixtureTable({ version: 2, firstPort: 2 }), new Map());
  await raw.get('delta');
  raw.send({ type: 'resync', reason: 'the hash differs' });
  expect(await raw.get('snapshot', 1)).toMatchObject({ version: 2 });
});

it('survives a table that cannot be applied, and takes the next one', async () => {
  const server = await primary();
  let mayApply = false;
  const one = worker({
    apply: async () => {
      if (!mayApply) throw new Error('no');
      return { failed: [] };
    },
  });
  server.publish(fixtureTable({ version: 1 }), new Map());
  await eventually(() => log.messages('error').includes('a worker cannot apply the table'));
  expect(one.client.current).toBeUndefined();
  mayApply = true;
  server.publish(fixtureTable({ version: 2 }), new Map());
  await allHave(server, 2);
});

it('applies one table at a time and skips those that a slow worker did not wait for', async () => {
  const server = await primary();
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const one = worker({
    apply: async (snapshot) => {
      expect(++running).toBe(1);
      if (snapshot.version === 1) await gate.promise;
      running--;
      one.applied.push({ snapshot, material: new Map() });
      return { failed: [] };
    },
  });
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  for (let version = 1; version <= 5; version++)
    server.publish(fixtureTable({ version, firstPort: version }), new Map());
  gate.resolve();
  await allHave(server, 5);
  expect(versionsOf(one)).toEqual([1, 5]);
});

it('keeps one message for a worker that does not read, whatever is published', async () => {
  const server = await primary();
  const raw = await rawWorker();
  await raw.get('welcome');
  raw.socket.pause();
  for (let version = 1; version <= 50; version++) {
    server.publish(fixtureTable({ version, routes: 1_000, firstPort: version }), new Map());
  }
  const healthy = worker();
  await allHave(server, 50);
  raw.socket.resume();
  const { hash } = await raw.get('snapshot');
  raw.send({ type: 'ack', version: 1, hash, failed: [] });
  // Too far behind for a delta.
  expect(await raw.get('snapshot', 1)).toMatchObject({ version: 50 });
  expect(raw.received.filter(({ type }) => type === 'snapshot' || type === 'delta')).toHaveLength(2);
  expect(versionsOf(healthy)).toEqual([50]);
});

it('sends keys before the table that names them, each once, and again to a new connection', async () => {
  const certificate = { id: 'c1', names: ['a.test'], kind: 'local' as const };
  const material = { id: 'c1', certificatePem: 'CERT', keyPem: 'KEY' };
  const withCertificate = (version: number): Snapshot => {
    const table = fixtureTable({ version });
    return { ...table, certificates: new Map([['c1', certificate]]) };
  };
  const server = await primary();
  const raw = await rawWorker();
  server.publish(withCertificate(1), new Map([['c1', material]]));
  await raw.get('snapshot');
  expect(raw.received.map(({ type }) => type).slice(-2)).toEqual(['tls', 'snapshot']);
  raw.send({ type: 'ack', version: 1, hash: withCertificate(1).hash, failed: [] });
  await allHave(server, 1);
  server.publish(withCertificate(2), new Map([['c1', material]]));
  await raw.get('delta');
  expect(raw.received.filter(({ type }) => type === 'tls')).toHaveLength(1);
  const again = await rawWorker({ pid: 10_000 });
  expect(await again.get('tls')).toEqual({ type: 'tls', material: [material] });
});

it('sends the key of a challenge, which is no certificate that is served', async () => {
  const challenge = { id: 'tls-alpn-01:a.test', type: 'tls-alpn-01', host: 'a.test', certificateId: 'c2' } as const;
  const material = { id: 'c2', certificatePem: 'CERT', keyPem: 'KEY' };
  const table = { ...fixtureTable(), challenges: new Map([[challenge.id, challenge]]) };
  const server = await primary();
  const one = worker();
  server.publish({ ...table, hash: hashContent(table) }, new Map([['c2', material]]));
  await allHave(server, 1);
  expect([...(one.applied[0]?.material ?? [])]).toEqual([['c2', material]]);
});

it('refuses a worker of another instance with a reason, and cuts one that talks nonsense', async () => {
  const server = await primary();
  const stranger = await rawWorker({ instance: 'two' });
  expect(await stranger.get('refused')).toMatchObject({ reason: 'it belongs to instance two, this is one' });
  expect(log.messages('warn')).toContain('a worker is refused: it belongs to instance two, this is one');
  const liar = await rawWorker();
  await liar.get('welcome');
  liar.send({ type: 'ack', version: 'x' });
  await within(once(liar.socket, 'close'), 'the cut');
  const glutton = await rawWorker();
  await glutton.get('welcome');
  glutton.socket.write(Buffer.from([0x7f, 0, 0, 0]));
  await within(once(glutton.socket, 'close'), 'the cut');
  await server.waitUntil((workers) => workers.length === 0, 10_000);
});

it('tells workers their place, again when somebody comes or goes', async () => {
  const server = await primary();
  const one = worker();
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  const two = worker();
  await eventually(() => two.places.includes('1/2'));
  server.drain([one.pid], 5);
  await eventually(() => two.places.at(-1) === '0/1');
  await eventually(() => one.drains.includes(5));
});

it('knows what workers say about themselves, over a restart of the primary too', async () => {
  const first = await primary();
  const one = worker();
  first.publish(fixtureTable(), new Map());
  await allHave(first, 1);
  expect(first.workers()).toMatchObject([{ state: 'starting' }]);
  const report = { listeners: [{ id: 'http', addresses: [{ host: '::', port: 80 }] }], failed: [] };
  one.client.ready(report);
  await first.waitUntil((workers) => workers[0]?.state === 'online', 10_000);
  await first.close();
  const second = await primary();
  await second.waitUntil((workers) => workers[0]?.state === 'online', 10_000);
  expect(second.workers()).toMatchObject([{ pid: one.pid, listeners: report }]);
  one.client.state('draining');
  await second.waitUntil((workers) => workers[0]?.state === 'draining', 10_000);
});

it('collects counters, and does not wait for a worker that is silent', async () => {
  const server = await primary();
  const one = worker({ stats: () => ({ ...NO_STATS, requests: 3 }) });
  const silent = await rawWorker();
  await silent.get('welcome');
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  expect(await server.stats(200)).toEqual([{ pid: one.pid, stats: { ...NO_STATS, requests: 3, errors: {} } }]);
});

it('takes the stored table when no primary comes, and the whole one of the primary that comes later', async () => {
  const one = worker({ storedAfterMs: 1, loadStored: async () => fixtureTable({ version: 4 }) });
  await eventually(() => one.client.current?.version === 4);
  const server = await primary();
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  expect(server.workers()).toMatchObject([{ version: 0 }]);
  server.publish(fixtureTable({ version: 4 }), new Map());
  await allHave(server, 4);
  expect(versionsOf(one)).toEqual([4, 4]);
});

it('waits on for a primary when the stored table is damaged', async () => {
  const one = worker({ storedAfterMs: 1, loadStored: async () => Promise.reject(new Error('torn')) });
  await eventually(() => log.messages('error').includes('the stored table cannot be used: waiting for a primary'));
  const server = await primary();
  server.publish(fixtureTable(), new Map());
  await allHave(server, 1);
  expect(versionsOf(one)).toEqual([1]);
});

it('hands out ticket keys before the first table, at a rotation, and to whom comes later', async () => {
  const server = await primary();
  const [oldKey, newKey] = ['o', 'n'].map((letter) => letter.repeat(48)) as [string, string];
  server.setTicketKeys([Buffer.from(oldKey)]);
  server.publish(fixtureTable(), new Map());
  const seenAtTable: number[] = [];
  const one = worker({
    apply: async () => {
      seenAtTable.push(one.ticketKeys.length);
      return { failed: [] };
    },
  });
  await allHave(server, 1);
  expect(seenAtTable).toEqual([1]);
  server.setTicketKeys([Buffer.from(newKey), Buffer.from(oldKey)]);
  await eventually(() => one.ticketKeys.length === 2);
  const two = worker();
  await eventually(() => two.ticketKeys.length === 1);
  expect(one.ticketKeys).toEqual([[oldKey], [newKey, oldKey]]);
  expect(two.ticketKeys).toEqual([[newKey, oldKey]]);
});

it('hears which certificates workers want, and nothing that is no host', async () => {
  const server = await primary();
  const wanted: string[] = [];
  const stop = server.onWantCertificate((host) => wanted.push(host));
  const one = worker();
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  one.client.wantCertificate('a.example.com');
  await eventually(() => wanted.length === 1);
  stop();
  one.client.wantCertificate('b.example.com');
  one.client.wantCertificate('../../etc/passwd');
  await eventually(() => log.messages('warn').includes('a worker is cut off: it does not keep to the protocol'));
  expect(wanted).toEqual(['a.example.com']);
});

it('tells every worker which certificates will not come', async () => {
  const server = await primary();
  const both = [worker(), worker()];
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  server.denyCertificate('a.example.com');
  await eventually(() => both.every(({ denied }) => denied[0] === 'a.example.com'));
});

it('tells the other workers what the rate limits of one let through', async () => {
  const server = await primary();
  server.publish(fixtureTable(), new Map());
  const [one, two, three] = [worker(), worker(), worker()];
  await allHave(server, 1, 3);
  const spent = [{ routeId: 'a.test/', place: 0, keys: ['192.0.2.1', 'x'], times: [3, 1] }];
  one.client.tellSpent(spent);
  await eventually(() => two.spentElsewhere.length > 0 && three.spentElsewhere.length > 0);
  expect([two.spentElsewhere, three.spentElsewhere]).toEqual([spent, spent]);
  two.client.tellSpent(spent);
  await eventually(() => one.spentElsewhere.length > 0);
  expect(two.spentElsewhere).toEqual(spent);
});

it.each([
  ['more counts than keys', { keys: ['a'], times: [1, 2] }],
  ['a key that is too long', { keys: ['x'.repeat(65)], times: [1] }],
  ['too many keys', { keys: Array.from({ length: 1_025 }, () => 'x'), times: Array.from({ length: 1_025 }, () => 1) }],
  ['no place', { keys: ['a'], times: [1], place: -1 }],
])('cuts off a worker that tells of rate limits with %s', async (_, more) => {
  await primary();
  const raw = await rawWorker();
  await raw.get('welcome');
  const closed = once(raw.socket, 'close');
  raw.send({ type: 'spent', spent: [{ routeId: 'a.test/', place: 0, ...more }] });
  await closed;
});
