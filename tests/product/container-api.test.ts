import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { PullProgress } from '@dproxy/core';
import { compileCalls, MAKE_CALLS, READ_CALLS } from '@dproxy/discovery';
import { eventually } from '@dproxy/testkit';
import { bakeImage, BUSYBOX_IMAGE, dockerOf, ImageRegistry, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { engineFront, type EngineFront } from '../discovery/engine-front.ts';
import { removeContainers } from './engine-clean-up.ts';
import { Product } from './product.ts';

const engine = sharedEngine();
const POLITE = 'dproxy-test/polite';
const IMAGE = `docker.io/${POLITE}`;
const ABSENT = 'docker.io/dproxy-test/absent';
/** As process 1 httpd ignores SIGTERM, and each stop would take ten seconds. */
const COMMAND = ['/bin/sh', '-c', 'trap exit TERM; /bin/httpd -f -p 80 -h /www & wait'];
const OFF = 'routes: []\n';
const ON = `api: { containers: [${IMAGE}, ${ABSENT}], containerLimits: { count: 2, memory: 64MiB } }\n`;

let front: EngineFront;
let product: Product;
let authorization: string;

beforeAll(async () => {
  await bakeImage(engine, POLITE, [`CMD ${JSON.stringify(COMMAND)}`]);
  front = await engineFront(engine.socketPath);
  product = await Product.start({ engine: { ...engine, socketPath: front.socketPath }, workers: 1, yml: OFF });
  authorization = `Bearer ${(await readFile(join(product.state, 'api.token'), 'utf8')).trim()}`;
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});
beforeEach(() => {
  onTestFinished(() => removeContainers(engine));
});

interface Made {
  readonly status: number;
  readonly body: {
    readonly ok: boolean;
    readonly message: string;
    readonly container?: string;
    readonly status?: string;
    readonly data: { readonly id: string; readonly name: string; readonly state: string } | null;
  };
}

async function call(method: string, path: string, body?: object): Promise<Made> {
  const answered = Promise.withResolvers<Made>();
  const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const sent = request(
    { host: '127.0.0.1', port: product.apiPort, method, path, headers, agent: false },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        answered.resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Made['body'] }),
      );
    },
  );
  sent.on('error', answered.reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return await answered.promise;
}

it('without api.containers nothing is made, and dproxy only reads from the engine', async () => {
  expect(await call('POST', '/container', { image: IMAGE })).toMatchObject({ status: 403, body: { ok: false } });
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'shop' });
  await product.whenStatus('shop.localhost', 200);
  await container.stop();
  await product.whenStatus('shop.localhost', 503);
  expect(front.calls.length).toBeGreaterThan(5);
  const mayRead = compileCalls(READ_CALLS);
  expect(front.calls.filter(({ method, path }) => !mayRead(method, path))).toEqual([]);
});

it('makes an allowed image, which answers at its name, and stops, starts and removes it and nothing else', async () => {
  await product.configure(ON);
  const made = await eventually(async () => {
    const answer = await call('POST', '/containers', { image: IMAGE, name: 'made-1' });
    return answer.status === 403 ? undefined : answer;
  });
  expect(made).toMatchObject({ status: 200, body: { ok: true, status: 'success', container: 'made-1.localhost' } });
  await product.whenStatus('made-1.localhost', 200);
  const id = made.body.data?.id ?? '';
  const { HostConfig, Config } = await dockerOf(engine).getContainer(id).inspect();
  expect(HostConfig).toMatchObject({
    AutoRemove: true,
    Privileged: false,
    NetworkMode: 'bridge',
    Memory: 67_108_864,
    PidsLimit: 256,
    RestartPolicy: { Name: 'no' },
    PublishAllPorts: false,
    SecurityOpt: ['no-new-privileges'],
  });
  expect([HostConfig.Binds ?? [], HostConfig.Mounts ?? [], HostConfig.CapAdd ?? []]).toEqual([[], [], []]);

  const forged = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'forged', labels: Config.Labels });
  for (const [method, path] of [
    ['POST', `/container/${forged.id}/stop`],
    ['POST', '/container/forged/stop'],
    ['DELETE', `/container/${forged.id}`],
  ] as const)
    expect([path, (await call(method, path)).status]).toEqual([path, 404]);
  // It has our label, so it counts: rather too few than too many.
  expect((await call('POST', '/container', { image: IMAGE })).status).toBe(429);
  await forged.remove({ force: true });
  expect((await call('POST', '/container', { image: IMAGE, name: 'made-1' })).status).toBe(409);

  expect(await call('POST', '/container/made-1/stop')).toMatchObject({
    status: 200,
    body: { data: { state: 'stopped' } },
  });
  await product.whenStatus('made-1.localhost', 404);
  const again = await call('POST', `/container/${id}/start`);
  expect(again).toMatchObject({ status: 200, body: { data: { name: 'made-1', state: 'running' } } });
  await product.whenStatus('made-1.localhost', 200);
  expect((await call('DELETE', '/container/made-1')).status).toBe(200);
  await product.whenStatus('made-1.localhost', 404);
  expect(await engine.docker('ps', '-aq')).toBe('');
});

it('an image that the engine cannot pull is said plainly, and leaves nothing', async () => {
  const answer = await call('POST', '/container', { image: ABSENT, tag: '1.0', name: 'gone' });
  expect(answer.status).toBe(502);
  expect(answer.body).toMatchObject({ ok: false, data: null });
  expect(answer.body.message).toMatch(/registry/);
  expect(await engine.docker('ps', '-aq')).toBe('');
  expect((await call('POST', '/container', { image: 'docker.io/library/redis' })).status).toBe(403);
  const listed = (await product.api('/container')).data;
  expect(listed).toMatchObject([{ name: 'gone', state: 'failed', id: '' }]);
});

it('pulls an allowed image from its registry, shows how far it is, and runs it', async () => {
  await using registry = await ImageRegistry.start(engine, BUSYBOX_IMAGE, COMMAND);
  const { image } = registry;
  await product.configure(`api: { containers: [${image}] }\n`);
  const absent = await eventually(async () => {
    const answer = await call('POST', '/container', { image, tag: '2.0' });
    return answer.status === 403 ? undefined : answer;
  });
  expect(absent).toMatchObject({ status: 502, body: { ok: false } });
  const order = call('POST', '/container', { image, tag: '1.0', name: 'pulled' });
  const half = await eventually(async () => {
    const listed = (await product.api('/container')).data as readonly {
      name: string;
      state: string;
      pull: PullProgress | null;
    }[];
    const { state, pull } = listed.find(({ name }) => name === 'pulled') ?? {};
    return pull && pull.bytes > 0 ? { state, ...pull } : undefined;
  });
  expect(half).toMatchObject({ state: 'pulling', layers: 1, finishedLayers: 0 });
  expect(half.bytes).toBeLessThan(half.totalBytes);
  registry.release();
  expect(await order).toMatchObject({ status: 200, body: { ok: true, container: 'pulled.localhost' } });
  await product.whenStatus('pulled.localhost', 200);
  expect((await call('DELETE', '/container/pulled')).status).toBe(200);
});

it('makes no call that docs/engine-access.md does not list', () => {
  const may = compileCalls([...READ_CALLS, ...MAKE_CALLS]);
  expect(front.calls.filter(({ method, path }) => !may(method, path))).toEqual([]);
  expect(new Set(front.calls.map(({ method }) => method))).toEqual(new Set(['GET', 'POST', 'DELETE']));
});
