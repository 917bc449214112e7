import { setTimeout as pace } from 'node:timers/promises';
import { eventually, freePort, RawClient } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, dockerOf, runContainer, sharedEngine, type ContainerSpec } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeContainers } from '../product/engine-clean-up.ts';
import { Product } from '../product/product.ts';

const engine = sharedEngine();
let product: Product;

/** Published by a container that no label gives a host. */
const BEHIND_PORT = await freePort();

/** More than one client asks for here, and more of them wait at the same time. */
const YML = `
limits: { heldRequestsPerClient: 1000 }
wake: { budget: { clientPerMinute: 1000, perMinute: 1000, concurrent: 16 } }
routes: [{ host: behind.test, to: http://127.0.0.1:${BEHIND_PORT}, wake: behind }]
`;

beforeAll(async () => {
  product = await Product.start({ engine, yml: YML });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await removeContainers(engine);
});

const LONG = process.env['DPROXY_TEST_LONG'] === '1';

interface Spec extends Pick<ContainerSpec, 'publish'> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly command?: readonly string[];
}

/** Answers at `<name>.test`, and may sleep after a second. */
async function run(name: string, { labels = {}, ...spec }: Spec = {}): Promise<void> {
  await runContainer(engine, {
    name,
    ...spec,
    labels: { 'dproxy.host': `${name}.test`, 'dproxy.wake.idle': '1s', 'dproxy.wake.cpu': '0', ...labels },
  });
  await product.whenStatus(`${name}.test`, 200);
}

/** Over the engine's socket: a process for each look would be the load that it looks at. */
async function inspect(name: string): Promise<{ Status: string; StartedAt: string; FinishedAt: string }> {
  return (await dockerOf(engine).getContainer(name).inspect()).State;
}

async function stateOf(name: string): Promise<string> {
  return (await inspect(name)).Status;
}

async function whenState(name: string, state: string): Promise<void> {
  await eventually(async () => (await stateOf(name)) === state, { everyMs: 50, what: `${name} ${state}` });
}

/** How often the log says that a group of this name was put to sleep. */
function sleepsOf(name: string): number {
  return product.output
    .split('\n')
    .filter((line) => line.includes('a group is put to sleep') && line.includes(`container:${name}"`)).length;
}

// Each with containers of its own: most of what they do is to wait until a second without use is over.
describe.concurrent('idle stop', () => {
  it('stops a container that nobody uses; the next request starts it, and it is put to sleep again', async () => {
    await run('web');
    await whenState('web', 'exited');
    expect(await product.status('web.test')).toBe(200);
    expect(await stateOf('web')).toBe('running');
    await whenState('web', 'exited');
  });

  it('leaves alone what is in use: requests that come again and again, and a WebSocket that is silent', async () => {
    await run('quiet');
    await run('chat');
    await run('busy');
    using chat = await RawClient.connect({ port: product.httpPort });
    await chat.write('GET / HTTP/1.1\r\nHost: chat.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
    expect((await chat.readResponse()).status).toBe(101);
    const asked = Promise.withResolvers<void>();
    const statuses = new Set<number>();
    let isOver = false;
    const asking = eventually(async () => {
      statuses.add(await product.status('busy.test'));
      asked.resolve();
      return isOver;
    });
    await asked.promise;
    expect(await product.status('quiet.test')).toBe(200);
    const before = ['busy', 'chat'].map(sleepsOf);
    await whenState('quiet', 'exited');
    expect(await Promise.all(['busy', 'chat'].map(stateOf))).toEqual(['running', 'running']);
    expect(['busy', 'chat'].map(sleepsOf)).toEqual(before);
    isOver = true;
    await asking;
    expect([...statuses]).toEqual([200]);
    chat.close();
    await Promise.all(['busy', 'chat'].map((name) => whenState(name, 'exited')));
  });

  it('leaves alone what works, until it has done its work', async () => {
    const work = 'while ! test -e /tmp/done; do :; done & exec /bin/httpd -f -p 80 -h /www';
    // Whoever else works here leaves little of the CPUs to it.
    const labels = { 'dproxy.wake.cpu': '1' };
    await run('worker', { image: BUSYBOX_IMAGE, command: ['/bin/sh', '-c', work], labels });
    await run('lazy', { labels });
    await whenState('lazy', 'exited');
    expect(await stateOf('worker')).toBe('running');
    await engine.docker('exec', 'worker', 'touch', '/tmp/done');
    await whenState('worker', 'exited');
  });

  it('asks a container whether it is in use', async () => {
    await run('asked', { labels: { 'dproxy.wake.probe': '/health' } });
    await run('other');
    await whenState('other', 'exited');
    expect(await stateOf('asked')).toBe('running');
    await product.get('asked.test', '/health/fail');
    await whenState('asked', 'exited');
  });

  it('pauses instead, and lets the same process go on', async () => {
    await run('nap', { labels: { 'dproxy.wake.method': 'pause' } });
    const started = (await inspect('nap')).StartedAt;
    await whenState('nap', 'paused');
    expect(await product.status('nap.test')).toBe(200);
    expect((await inspect('nap')).StartedAt).toBe(started);
  });

  it('puts to sleep what was started by hand', async () => {
    await run('hand');
    await whenState('hand', 'exited');
    await engine.docker('start', 'hand');
    await eventually(() => sleepsOf('hand') === 2);
    expect(await stateOf('hand')).toBe('exited');
  });

  it('puts a project to sleep as a whole, whoever needs others first', async () => {
    const project = (service: string, needs = '') => ({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': service,
      'com.docker.compose.depends_on': needs,
    });
    await runContainer(engine, { name: 'shop-db', labels: project('db') });
    await run('shop-web', { labels: { ...project('web', 'db:service_started:false'), 'dproxy.wake': 'true' } });
    await Promise.all(['shop-web', 'shop-db'].map((name) => whenState(name, 'exited')));
    const [web, db] = await Promise.all(['shop-web', 'shop-db'].map(async (name) => (await inspect(name)).FinishedAt));
    expect(Date.parse(web ?? '')).toBeLessThan(Date.parse(db ?? ''));
    const { status, body } = await product.get('shop-web.test');
    expect([status, status === 200 ? '' : body.text]).toEqual([200, '']);
    expect(await Promise.all(['shop-web', 'shop-db'].map(stateOf))).toEqual(['running', 'running']);
  });

  it('stops what a route of dproxy.yml leads to, and starts it for the next request', async () => {
    await run('behind', { labels: { 'dproxy.host': '' }, publish: { 80: `127.0.0.1:${BEHIND_PORT}` } });
    await whenState('behind', 'exited');
    const { status, body } = await product.get('behind.test');
    expect([status, status === 200 ? '' : body.text]).toEqual([200, '']);
    await whenState('behind', 'exited');
  });

  it('loses no request that comes just as a container goes to sleep', async () => {
    const sleeps = LONG ? 20 : 3;
    const names = ['gap-1', 'gap-2', 'gap-3', 'gap-4'];
    const method = (name: string) => (name < 'gap-3' ? 'stop' : 'pause');
    await Promise.all(names.map((name) => run(name, { labels: { 'dproxy.wake.method': method(name) } })));
    const answers = await Promise.all(names.map((name, index) => askUntilAsleep(name, { index, sleeps })));
    expect(answers.flat()).toEqual([]);
  });
});

/**
 * Requests a little before, at and a little after the moment at which a second without use is over, until the container was put to
 * sleep so often: the pace is that of the load, no wait for something to happen.
 *
 * @returns what was answered instead of 200
 */
async function askUntilAsleep(
  name: string,
  { index, sleeps }: { readonly index: number; readonly sleeps: number },
): Promise<readonly string[]> {
  const failures: string[] = [];
  let rounds = 0;
  await eventually(
    async () => {
      rounds += 1;
      await pace(950 + ((rounds * 70 + index * 40) % 400));
      const burst = Array.from({ length: 6 }, async (_, at) => {
        await pace(at * 40);
        const { status, body } = await product.get(`${name}.test`);
        if (status !== 200) failures.push(`${name}, round ${rounds}: ${status} ${body.text.trim()}`);
      });
      await Promise.all(burst);
      return sleepsOf(name) >= sleeps;
    },
    { deadlineMs: LONG ? 250_000 : 60_000 },
  );
  return failures;
}
