import type { WakeGroupView } from '@dproxy/core';
import { compileCalls, READ_CALLS, WAKE_CALLS } from '@dproxy/discovery';
import { eventually, exchange } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine, type ContainerSpec } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { engineFront, type EngineFront } from '../discovery/engine-front.ts';
import { removeContainers } from './engine-clean-up.ts';
import { Product } from './product.ts';

const RANDOM_HOSTS = process.env['DPROXY_TEST_LONG'] === '1' ? 10_000 : 1_000;

const engine = sharedEngine();
let front: EngineFront;
let product: Product;

/** A compose project whose site needs its database to be healthy, and has been stopped. */
beforeAll(async () => {
  // A docker-socket-proxy with exactly the calls of docs/engine-access.md.
  front = await engineFront(engine.socketPath, compileCalls([...READ_CALLS, ...WAKE_CALLS]));
  await engine.docker('network', 'create', 'shop_default');
  const health = 'wget -q -O /dev/null http://127.0.0.1/';
  await compose('db', { image: BUSYBOX_IMAGE, health });
  await compose('web', {
    labels: {
      'dproxy.host': 'shop.test',
      'dproxy.wake': 'true',
      'com.docker.compose.depends_on': 'db:service_healthy:false',
    },
  });
  await runContainer(engine, { name: 'asleep', labels: { 'dproxy.host': 'asleep.test' }, start: false });
  await engine.docker('stop', 'shop-web-1', 'shop-db-1');
  product = await Product.start({ engine: { ...engine, socketPath: front.socketPath } });
});

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await removeContainers(engine);
  await engine.docker('network', 'prune', '-f');
  await front[Symbol.asyncDispose]();
});

async function compose(service: string, { labels, ...spec }: ContainerSpec): Promise<void> {
  const own = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service };
  await runContainer(engine, {
    name: `shop-${service}-1`,
    network: 'shop_default',
    ...spec,
    labels: { ...own, ...labels },
  });
}

/** Containers that were started meanwhile, one after the other. */
async function startedBy(work: () => Promise<void>): Promise<readonly string[]> {
  const since = (Date.now() / 1_000).toFixed(3);
  await work();
  const until = (Date.now() / 1_000).toFixed(3);
  const span = ['--since', since, '--until', until, '--filter', 'event=start'];
  const names = await engine.docker('events', ...span, '--format', '{{.Actor.Attributes.name}}');
  return names === '' ? [] : names.split('\n');
}

const isAsleep = (): Promise<void> => product.whenStatus('asleep.test', 503);

const groups = async (): Promise<readonly WakeGroupView[]> =>
  (await product.api('/wake')).data as readonly WakeGroupView[];

it('starts nothing for hosts that nobody has declared, nor for what did not ask for it', async () => {
  await isAsleep();
  const started = await startedBy(async () => {
    const statuses = new Set<number>();
    for (let host = 0; host < RANDOM_HOSTS; host += 20) {
      const some = Array.from({ length: 20 }, (_, at) => product.status(`${host + at}.random.test`));
      for (const status of await Promise.all(some)) statuses.add(status);
    }
    expect([...statuses]).toEqual([404]);
    expect(await product.status('asleep.test')).toBe(503);
  });
  expect(started).toEqual([]);
});

it('starts a stopped project once, in order, for all who ask at the same time, and lets them wait', async () => {
  const started = await startedBy(async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => product.get('shop.test')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  });
  expect(started).toEqual(['shop-db-1', 'shop-web-1']);
});

it('makes the network of a project again that was removed while it slept, and joins its containers by their names', async () => {
  await eventually(async () => (await groups()).some(({ name, state }) => name === 'shop' && state === 'awake'));
  await engine.docker('stop', 'shop-web-1', 'shop-db-1');
  await engine.docker('network', 'rm', 'shop_default');
  await eventually(async () =>
    (await product.backends()).some(({ name, state }) => name === 'shop-web-1' && state === 'stopped'),
  );
  expect(await product.status('shop.test')).toBe(200);
  expect(await engine.docker('exec', 'shop-web-1', 'wget', '-q', '-O', '-', 'http://db/')).toBe('busybox');
});

it('answers 503 with the reason when a container cannot be started, and leaves it alone for a while', async () => {
  await runContainer(engine, {
    name: 'broken',
    image: BUSYBOX_IMAGE,
    command: ['sh', '-c', 'exit 3'],
    labels: { 'dproxy.host': 'broken.test', 'dproxy.wake': 'true' },
  });
  await eventually(async () =>
    (await product.backends()).some(({ name, state }) => name === 'broken' && state === 'stopped'),
  );
  const started = await startedBy(async () => {
    const answer = await product.get('broken.test', '/', 'Accept: application/json\r\n');
    expect([answer.status, answer.body.text]).toEqual([503, expect.stringContaining('broken: exited with code 3')]);
    expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
    expect(await product.status('broken.test')).toBe(503);
  });
  expect(started).toEqual(['broken']);
  const told = new Map((await groups()).map(({ name, state, failure }) => [name, `${state} ${failure}`.trim()]));
  expect([told.get('broken'), told.get('shop'), told.size]).toEqual(['asleep broken: exited with code 3', 'awake', 2]);
});

it('lets a POST of 1 MiB, a WebSocket and a TCP connection wait, and serves each whole and once', async () => {
  await runContainer(engine, {
    name: 'kinds',
    labels: { 'dproxy.host': 'kinds.test', 'dproxy.wake': 'true', 'dproxy.tcp': '9477' },
    start: false,
  });
  await eventually(async () => (await product.api('/streams')).message === '1 streams');
  await product.version();
  const length = 1_048_576;
  const head = (name: string, rest: string): string => `${rest} HTTP/1.1\r\nHost: ${name}\r\n`;
  const post = `${head('kinds.test', 'POST /whole')}Content-Length: ${length}\r\nConnection: close\r\n\r\n${'x'.repeat(length)}`;
  const upgrade = `${head('kinds.test', 'GET /ws')}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const plain = `${head('any', 'GET /plain')}Connection: close\r\n\r\n`;
  const started = await startedBy(async () => {
    const [whole, socket, connection] = await Promise.all([
      exchange({ port: product.httpPort, request: post }),
      exchange({ port: product.httpPort, request: upgrade }),
      exchange({ port: 9477, request: plain }),
    ]);
    expect([whole.status, JSON.parse(whole.body.text)]).toEqual([200, expect.objectContaining({ bodyBytes: length })]);
    expect([socket.status, socket.header('x-origin')]).toEqual([101, 'kinds']);
    expect([connection.status, JSON.parse(connection.body.text)]).toEqual([
      200,
      expect.objectContaining({ url: '/plain', localPort: 80 }),
    ]);
  });
  expect(started).toEqual(['kinds']);
});

it('made no call to the engine that is not documented', () => {
  expect(front.denied).toEqual([]);
  expect(front.calls.filter(({ method }) => method !== 'GET').length).toBeGreaterThan(0);
});
