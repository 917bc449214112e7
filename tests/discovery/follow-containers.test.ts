import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Backend } from '@dproxy/core';
import { eventually, get } from '@dproxy/testkit';
import {
  BUSYBOX_IMAGE,
  dockerOf,
  runContainer,
  sharedEngine,
  type ContainerSpec,
  type EngineAccess,
  type DockerContainer,
} from '@dproxy/testkit/docker';
import { watchEngine, type Watch } from './watch-engine.ts';

let engine: EngineAccess;
let watch: Watch;

beforeAll(async () => {
  engine = sharedEngine();
  watch = await watchEngine(engine.socketPath);
});
afterAll(async () => {
  await watch.stop();
});

async function run(spec: ContainerSpec): Promise<DockerContainer> {
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, ...spec });
  onTestFinished(async () => {
    await container.remove({ force: true }).catch(() => undefined);
  });
  return container;
}

async function backend(host: string, state: Backend['state'] | 'absent'): Promise<Backend> {
  return await eventually(() => watch.backend(host, state), { what: `${state} behind ${host}` });
}

test('a container that starts is routed at its bridge address, which answers', async () => {
  await run({ name: 'started' });
  const ready = await backend('started.localhost', 'ready');
  const response = await eventually(() => get({ host: ready.address, port: ready.port, name: 'x' }));
  expect(response.body.text).toBe('busybox\n');
  expect(watch.definition('started.docker.localhost')?.audience).toBe('local');
});

test('a container that stops keeps its host and backend id, and has its address again after a start', async () => {
  const container = await run({ name: 'stopping', hostname: 'stopping.example.com' });
  const before = await backend('stopping.example.com', 'ready');
  await container.stop();
  expect(await backend('stopping.example.com', 'stopped')).toMatchObject({ id: before.id, address: '' });
  await container.start();
  expect(await backend('stopping.example.com', 'ready')).toMatchObject({ id: before.id });
});

test('a container that is removed is gone from the table', async () => {
  const container = await run({ name: 'removed' });
  await backend('removed.localhost', 'ready');
  await container.remove({ force: true });
  await eventually(() => watch.definition('removed.localhost') === undefined);
});

test('a container that ends by itself is stopped, and one that is killed, too', async () => {
  const container = await run({ name: 'killed' });
  await backend('killed.localhost', 'ready');
  await container.kill({ signal: 'SIGKILL' });
  await backend('killed.localhost', 'stopped');
});

test.each(['SIGHUP', 'no signal'])('a label %j in the place of the signal does not hide a stop', async (signal) => {
  const container = await run({ name: 'hiding', labels: { signal }, stopSignal: 'SIGTERM' });
  await backend('hiding.localhost', 'ready');
  await container.stop({ t: 0 });
  await backend('hiding.localhost', 'stopped');
  expect(watch.seen('hiding.localhost', 'draining')).toBe(true);
});

test('a container that is stopped drains first; other signals than its stop signal and 9 change nothing', async () => {
  const container = await run({ name: 'draining', stopSignal: 'SIGQUIT' });
  const before = await backend('draining.localhost', 'ready');
  for (const signal of ['SIGHUP', 'SIGTERM']) await container.kill({ signal });
  await container.pause();
  await backend('draining.localhost', 'paused');
  await container.unpause();
  await backend('draining.localhost', 'ready');
  expect(watch.seen('draining.localhost', 'draining')).toBe(false);
  await container.stop({ t: 1 });
  await backend('draining.localhost', 'stopped');
  expect(watch.seen('draining.localhost', 'draining')).toBe(true);
  await container.start();
  expect(await backend('draining.localhost', 'ready')).toMatchObject({ id: before.id });
});

test('a container that outlives its stop time-out takes requests again', async () => {
  const options = ['--name', 'survivor', '--stop-timeout', '0', '--stop-signal', 'SIGTERM'];
  await engine.docker('run', '--detach', ...options, BUSYBOX_IMAGE);
  onTestFinished(async () => void (await engine.docker('rm', '-f', 'survivor')));
  const before = await backend('survivor.localhost', 'ready');
  await engine.docker('kill', '-s', 'TERM', 'survivor');
  await eventually(() => watch.seen('survivor.localhost', 'draining'));
  expect(await backend('survivor.localhost', 'ready')).toEqual(before);
});

test('a rename moves the local names and keeps the backend', async () => {
  const container = await run({ name: 'old_name' });
  const before = await backend('old-name.localhost', 'ready');
  await container.rename({ name: 'new_name' });
  expect((await backend('new_name.localhost', 'ready')).id).toBe(before.id);
  expect(watch.definition('old-name.localhost')).toBeUndefined();
});

test('a paused container takes no requests until it goes on', async () => {
  const container = await run({ name: 'paused' });
  await backend('paused.localhost', 'ready');
  await container.pause();
  expect((await backend('paused.localhost', 'paused')).reason).toContain('docker unpause paused');
  await container.unpause();
  await backend('paused.localhost', 'ready');
});

test('health is followed: starting, healthy, unhealthy', async () => {
  const container = await run({ name: 'health', health: 'test -f /ok || test -f /fail && test ! -f /fail' });
  expect(watch.seen('health.localhost', 'ready')).toBe(false);
  await backend('health.localhost', 'unhealthy');
  await engine.docker('exec', container.id, 'touch', '/ok');
  await backend('health.localhost', 'ready');
  await engine.docker('exec', container.id, 'rm', '/ok');
  await backend('health.localhost', 'unhealthy');
});

test('the address follows the networks that a container is connected to and disconnected from', async () => {
  const docker = dockerOf(engine);
  const network = await docker.createNetwork({ Name: 'followed' });
  onTestFinished(async () => {
    await eventually(() => network.remove().then(() => true));
  });
  const container = await run({ name: 'moving', network: 'none' });
  const alone = await backend('moving.localhost', 'unreachable');
  expect(alone.reason).toContain('docker network connect bridge moving');
  await docker.getNetwork('none').disconnect({ Container: container.id });
  await network.connect({ Container: container.id });
  const inspected = await container.inspect();
  const address = inspected.NetworkSettings.Networks['followed']?.IPAddress;
  await eventually(() => watch.backend('moving.localhost', 'ready')?.address === address);
  await network.disconnect({ Container: container.id });
  await backend('moving.localhost', 'unreachable');
  await docker.getNetwork('bridge').connect({ Container: container.id });
  await backend('moving.localhost', 'ready');
});

test('the label chooses the network among several', async () => {
  const network = await dockerOf(engine).createNetwork({ Name: 'chosen' });
  onTestFinished(async () => {
    await eventually(() => network.remove().then(() => true));
  });
  const container = await run({ name: 'choosy', labels: { 'dproxy.network': 'chosen' } });
  await backend('choosy.localhost', 'unreachable');
  await network.connect({ Container: container.id });
  const address = (await container.inspect()).NetworkSettings.Networks['chosen']?.IPAddress;
  await eventually(() => watch.backend('choosy.localhost', 'ready')?.address === address);
});

test('a container on the host network answers on loopback, at the port of its label', async () => {
  await run({
    name: 'hostly',
    network: 'host',
    labels: { 'dproxy.port': '18099' },
    command: ['/bin/httpd', '-f', '-p', '18099', '-h', '/www'],
  });
  expect(await backend('hostly.localhost', 'ready')).toMatchObject({ address: '127.0.0.1', port: 18_099 });
});

test('a container that uses the network of another is reached at the address of that one', async () => {
  const owner = await run({ name: 'owner' });
  await run({
    name: 'guest',
    network: `container:${owner.id}`,
    labels: { 'dproxy.port': '81' },
    command: ['/bin/httpd', '-f', '-p', '81', '-h', '/www'],
  });
  const { address } = await backend('owner.localhost', 'ready');
  expect(await backend('guest.localhost', 'ready')).toMatchObject({ address, port: 81 });
  await owner.stop();
  await backend('guest.localhost', 'unreachable');
});

test('thirty containers that come, move and go end in exactly what the engine has', async () => {
  const containers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      run({ name: `churn-${index}`, labels: { 'dproxy.host': 'churn.example.com' } }),
    ),
  );
  await Promise.all(
    containers.map(async (container, index) => {
      if (index % 3 === 0) await container.stop();
      if (index % 3 === 1) await container.remove({ force: true });
      if (index % 3 === 2) await container.rename({ name: `moved-${index}` });
    }),
  );
  await eventually(() => watch.hasOnly('churn.example.com', { ready: 10, stopped: 10 }));
  await Promise.all(containers.filter((_, index) => index % 3 === 0).map((container) => container.start()));
  await eventually(() => watch.hasOnly('churn.example.com', { ready: 20 }));
  const listed = await dockerOf(engine).listContainers();
  const addresses = listed.map((entry) => entry.NetworkSettings.Networks['bridge']?.IPAddress);
  for (const each of watch.backends('churn.example.com')) expect(addresses).toContain(each.address);
});
