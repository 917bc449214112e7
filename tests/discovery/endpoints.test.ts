import { mkdtemp, copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { EngineEndpoint } from '@dproxy/core';
import { eventually, get } from '@dproxy/testkit';
import {
  BUSYBOX_IMAGE,
  importBusybox,
  runContainer,
  sharedEngine,
  startEngine,
  type Engine,
} from '@dproxy/testkit/docker';
import { watchEngine, type Watch } from './watch-engine.ts';

async function engineOn(tcp: 'plain' | 'tls'): Promise<Engine> {
  const engine = await startEngine({ tcp });
  onTestFinished(() => engine.stop());
  await importBusybox(engine);
  return engine;
}

async function watch(endpoint: EngineEndpoint): Promise<Watch> {
  const watch = await watchEngine(endpoint);
  onTestFinished(() => watch.stop());
  return watch;
}

function tcpEndpoint(engine: Engine, tls: EngineEndpoint['tls']): EngineEndpoint {
  const { tcpPort: port } = engine;
  return { name: `tcp://127.0.0.1:${port}`, socketPath: '', host: '127.0.0.1', port, tls };
}

test('over TCP the published port is the address, and a container without one says what to add', async () => {
  const engine = await engineOn('plain');
  const far = await watch(tcpEndpoint(engine, null));
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'open', publish: { 80: '0.0.0.0:0' } });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'shut' });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'private', publish: { 80: '127.0.0.1:0' } });
  const open = await eventually(() => far.backend('open.localhost', 'ready'));
  expect(open.address).toBe('127.0.0.1');
  expect((await get({ host: open.address, port: open.port, name: 'x' })).body.text).toBe('busybox\n');
  expect((await eventually(() => far.backend('shut.localhost', 'unreachable'))).reason).toContain(
    'docker run -p 80:80',
  );
  await eventually(() => far.backend('private.localhost', 'unreachable'));
  expect(far.discovery.containers().map(({ name, state }) => [name, state])).toContainEqual(['shut', 'running']);

  const near = await watchEngine(engine.socketPath);
  onTestFinished(() => near.stop());
  const onBridge = near.backend('open.localhost', 'ready');
  expect(onBridge).toMatchObject({ id: open.id, port: 80 });
  expect(onBridge?.address).not.toBe('127.0.0.1');
});

test('over TLS the engine and dproxy show each other certificates', async () => {
  const engine = await engineOn('tls');
  const trusted = await watch(tcpEndpoint(engine, { certPath: engine.certPath, verify: true }));
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'secured', publish: { 80: '0.0.0.0:0' } });
  await eventually(() => trusted.backend('secured.localhost', 'ready'));
  expect(trusted.discovery.status().state).toBe('connected');

  const withoutCertificate = await watch(tcpEndpoint(engine, { certPath: '', verify: false }));
  await eventually(() => withoutCertificate.discovery.status().reason !== 'not asked yet');
  expect(withoutCertificate.published).toEqual([]);
  expect(withoutCertificate.discovery.status().state).toBe('looking');
});

test('an engine whose certificate another CA signed is refused, unless it need not be verified', async () => {
  const engine = await engineOn('tls');
  const other = await engineOn('tls');
  const folder = await mkdtemp(join(tmpdir(), 'dproxy-mixed-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['cert.pem', 'key.pem']) await copyFile(join(engine.certPath, name), join(folder, name));
  await copyFile(join(other.certPath, 'ca.pem'), join(folder, 'ca.pem'));
  const strict = await watch(tcpEndpoint(engine, { certPath: folder, verify: true }));
  expect(strict.published).toEqual([]);
  expect(strict.discovery.status().reason).toMatch(/certificate|signature/);
  const lenient = await watch(tcpEndpoint(engine, { certPath: folder, verify: false }));
  expect(lenient.discovery.status().state).toBe('connected');
});

test('client certificates that cannot be read are named', async () => {
  const missing = await watch({
    name: 'tcp://127.0.0.1:1',
    socketPath: '',
    host: '127.0.0.1',
    port: 1,
    tls: { certPath: '/nowhere', verify: true },
  });
  expect(missing.discovery.status().reason).toContain('the client certificates in /nowhere cannot be read');
});

test("the docker client's variables do not change where a named engine is looked for", async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
  vi.stubEnv('DOCKER_TLS_VERIFY', '1');
  vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
  onTestFinished(() => void vi.unstubAllEnvs());
  const watch = await watchEngine(sharedEngine().socketPath);
  onTestFinished(() => watch.stop());
  expect(watch.discovery.status()).toMatchObject({ state: 'connected', reason: '' });
});
