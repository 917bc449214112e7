import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { eventually, get, tempFolder } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, importBusybox, runContainer, startEngine, type Engine } from '@dproxy/testkit/docker';
import { watchEngine } from './watch-engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});
afterAll(async () => {
  await engine.stop();
});

test('routes stay while a killed engine is away, and what changed meanwhile is known after', async () => {
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'stays' });
  const watch = await watchEngine(engine.socketPath);
  onTestFinished(() => watch.stop());
  const ready = await eventually(() => watch.backend('stays.localhost', 'ready'));
  await eventually(() => get({ host: ready.address, port: ready.port, name: 'x' }));

  await engine.kill();
  await eventually(() => watch.discovery.status().state === 'lost');
  expect(watch.backend('stays.localhost', 'ready')).toEqual(ready);
  expect((await get({ host: ready.address, port: ready.port, name: 'x' })).status).toBe(200);

  const { Pid } = (await engineIsBack(engine, container.id)).State;
  await eventually(() => watch.discovery.status().state === 'connected');
  process.kill(Pid, 'SIGKILL');
  await eventually(() => watch.backend('stays.localhost', 'stopped'));

  const states = watch.published.map((state) => state.definitions.length);
  expect(Math.min(...states)).toBe(1);
});

test('a container that outlives its stop while the engine is away goes on draining until the engine says that it runs', async () => {
  const watch = await watchEngine(engine.socketPath);
  onTestFinished(() => watch.stop());
  await engine.docker('run', '--detach', '--name', 'outlives', '--stop-timeout', '0', BUSYBOX_IMAGE);
  onTestFinished(async () => void (await engine.docker('rm', '-f', 'outlives')));
  await eventually(() => watch.backend('outlives.localhost', 'ready'));
  await engine.docker('kill', '-s', 'TERM', 'outlives');
  await eventually(() => watch.backend('outlives.localhost', 'draining'));
  await engine.kill();
  const isOver = (): boolean => watch.log.entries.some(({ message }) => message.includes('still runs after'));
  await eventually(isOver);
  await eventually(() => watch.discovery.status().state === 'lost');
  expect(watch.backend('outlives.localhost', 'draining')).toBeDefined();
  await engine.restart();
  await eventually(() => watch.backend('outlives.localhost', 'ready'));
});

test('a container that was removed and one that was made while dproxy was not connected are both noticed', async () => {
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'before' });
  const first = await watchEngine(engine.socketPath);
  await eventually(() => first.backend('before.localhost', 'ready'));
  await engine.kill();
  await eventually(() => first.discovery.status().state === 'lost');
  await engine.restart();
  await engine.docker('rm', '-f', 'before');
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'after' });
  await eventually(() => first.backend('after.localhost', 'ready'));
  await eventually(() => first.definition('before.localhost') === undefined);
  await first.stop();
  expect(first.discovery.status().state).toBe('stopped');
});

test('without an engine nothing is published, the status says why, and the engine is found when it comes', async () => {
  await using folder = await tempFolder();
  const nowhere = await watchEngine(`${folder.path}/docker.sock`);
  expect(nowhere.published).toEqual([]);
  expect(nowhere.discovery.status()).toMatchObject({ state: 'looking', version: '' });
  expect(nowhere.discovery.status().reason).toContain('there is no socket');
  await nowhere.stop();

  await engine.kill();
  const watch = await watchEngine(engine.socketPath);
  onTestFinished(() => watch.stop());
  expect(watch.discovery.status().reason).toContain('nothing listens on');
  expect(watch.published).toEqual([]);
  await engine.restart();
  await eventually(() => watch.published.length > 0);
  expect(watch.discovery.status()).toMatchObject({ state: 'connected', reason: '' });
});

async function engineIsBack(engine: Engine, id: string): Promise<{ State: { Pid: number } }> {
  await engine.restart();
  const [inspected] = JSON.parse(await engine.docker('inspect', id)) as [{ State: { Pid: number } }];
  return inspected;
}
