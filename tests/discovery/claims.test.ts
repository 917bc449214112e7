import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { eventually, tempFolder } from '@dproxy/testkit';
import {
  bakeImage,
  BUSYBOX_IMAGE,
  dockerOf,
  runContainer,
  sharedEngine,
  type ContainerSpec,
  type EngineAccess,
  type DockerContainer,
} from '@dproxy/testkit/docker';
import { watchEngine } from './watch-engine.ts';

const BAKED = 'dproxy-test/baked';
let engine: EngineAccess;

beforeAll(async () => {
  engine = sharedEngine();
  await bakeImage(engine, BAKED, [
    'LABEL dproxy.host=bank.example.com',
    'LABEL dproxy.path=/app',
    'ENV RPROXY=http://vault.example.com',
  ]);
});
afterAll(async () => {
  await engine.docker('rmi', '-f', BAKED);
});

async function run(spec: ContainerSpec): Promise<DockerContainer> {
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, ...spec });
  onTestFinished(async () => {
    await container.remove({ force: true });
  });
  return container;
}

test('a host that is baked into an image does not count, its other labels do, and the refusal is listed', async () => {
  await run({ name: 'baked', image: BAKED });
  const watch = await watchEngine(engine.socketPath);
  onTestFinished(() => watch.stop());
  await eventually(() => watch.backend('baked.localhost', 'ready'));
  expect(watch.definition('bank.example.com')).toBeUndefined();
  expect(watch.definition('vault.example.com')).toBeUndefined();
  expect(watch.definition('baked.localhost')?.path).toBe('/app');
  expect(watch.published.at(-1)?.rejected).toMatchObject([
    { source: 'docker:baked', message: `the label dproxy.host does not count: it is baked into the image ${BAKED}` },
    { source: 'docker:baked', message: `the variable RPROXY does not count: it is baked into the image ${BAKED}` },
  ]);
});

test('a host that is given when the container is created counts, whatever the image says', async () => {
  await run({ name: 'given', image: BAKED, labels: { 'dproxy.host': 'mine.example.com' } });
  const watch = await watchEngine(engine.socketPath);
  onTestFinished(() => watch.stop());
  await eventually(() => watch.backend('mine.example.com', 'ready'));
});

test('docker.trustImages lets baked hosts count', async () => {
  await run({ name: 'trusting', image: BAKED });
  const watch = await watchEngine(engine.socketPath, { trustImages: true });
  onTestFinished(() => watch.stop());
  await eventually(() => watch.backend('bank.example.com', 'ready'));
  await eventually(() => watch.backend('vault.example.com', 'ready'));
});

test('in a container, dproxy uses the networks that it shares, and follows them as it is connected', async () => {
  const docker = dockerOf(engine);
  const [front, back] = await Promise.all([
    docker.createNetwork({ Name: 'front' }),
    docker.createNetwork({ Name: 'back' }),
  ]);
  onTestFinished(async () => {
    await eventually(() => Promise.all([front.remove(), back.remove()]).then(() => true));
  });
  const own = await run({ name: 'dproxy-itself', network: 'front' });
  await run({ name: 'hidden', network: 'back' });
  await run({ name: 'shared', network: 'front' });
  const watch = await watchEngine(engine.socketPath, { ownContainerId: own.id });
  onTestFinished(() => watch.stop());
  expect(watch.definition('dproxy-itself.localhost')).toBeUndefined();
  await eventually(() => watch.backend('shared.localhost', 'ready'));
  expect((await eventually(() => watch.backend('hidden.localhost', 'unreachable'))).reason).toBe(
    'dproxy is not on the network back: docker network connect back dproxy-itself',
  );
  await back.connect({ Container: own.id });
  await eventually(() => watch.backend('hidden.localhost', 'ready'));
  await back.disconnect({ Container: own.id });
  await eventually(() => watch.backend('hidden.localhost', 'unreachable'));
});

test('the engine is only ever asked with GET', async () => {
  await using folder = await tempFolder();
  const methods = new Set<string>();
  const spy = createServer((downstream) => {
    const upstream = connect(engine.socketPath);
    downstream.on('data', (bytes: Buffer) => {
      for (const [, method = ''] of bytes.toString('latin1').matchAll(/^([A-Z]+) \/\S* HTTP/gm)) methods.add(method);
    });
    for (const socket of [downstream, upstream]) socket.on('error', () => socket.destroy());
    downstream.pipe(upstream).pipe(downstream);
  });
  spy.listen(`${folder.path}/spy.sock`);
  await once(spy, 'listening');
  const watch = await watchEngine(`${folder.path}/spy.sock`);
  const container = await run({ name: 'watched', image: BAKED });
  await eventually(() => watch.backend('watched.localhost', 'ready'));
  await container.stop();
  await eventually(() => watch.backend('watched.localhost', 'stopped'));
  await watch.stop();
  spy.close();
  await once(spy, 'close');
  expect([...methods]).toEqual(['GET']);
});
