import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '@dproxy/testkit';
import {
  BUSYBOX_IMAGE,
  importBusybox,
  runContainer,
  sharedEngine,
  startEngine,
  type DockerContainer,
} from '@dproxy/testkit/docker';
import { engineFront, type EngineFront } from './engine-front.ts';
import { watchEngine, type Watch } from './watch-engine.ts';

const QUICK = { callTimeoutMs: 300, pingEveryMs: 100 };

async function run(name: string): Promise<DockerContainer> {
  const container = await runContainer(sharedEngine(), { image: BUSYBOX_IMAGE, name });
  onTestFinished(async () => {
    await container.remove({ force: true });
  });
  return container;
}

async function behindFront(timing?: typeof QUICK): Promise<{ front: EngineFront; watch: Watch }> {
  const front = await engineFront(sharedEngine().socketPath);
  const watch = await watchEngine(front.socketPath, {}, timing);
  onTestFinished(async () => {
    await watch.stop();
    await front[Symbol.asyncDispose]();
  });
  return { front, watch };
}

test('a stream of events that is cut is taken up again, and nothing is withdrawn meanwhile', async () => {
  await run('cut');
  const { front, watch } = await behindFront();
  const lists = () => front.paths.filter((path) => path.startsWith('/containers/json')).length;
  front.cutEvents();
  await eventually(() => lists() === 2 && watch.discovery.status().state === 'connected');
  expect(watch.published.every((state) => state.definitions.length > 0)).toBe(true);
  await run('after-cut');
  await eventually(() => watch.backend('after-cut.localhost', 'ready'));
});

test('a malformed and a huge event end nothing; the list is compared instead', async () => {
  const { front, watch } = await behindFront();
  front.injectEvents('{"Type": "container", "Act\n');
  front.injectEvents(`${'x'.repeat(3_000_000)}\n`);
  await run('sturdy');
  await eventually(() => watch.backend('sturdy.localhost', 'ready'));
  expect(watch.log.messages('warn')).toContain(
    'the engine sent an event that cannot be read; its containers are listed again',
  );
  expect(front.paths.filter((path) => path.startsWith('/events'))).toHaveLength(1);
});

test('a container on which the engine hangs does not keep the others from being served', async () => {
  const stuck = await run('stuck');
  await run('fine');
  const front = await engineFront(sharedEngine().socketPath);
  front.hangsOn.add(`/containers/${stuck.id}/json`);
  const watch = await watchEngine(front.socketPath, {}, QUICK);
  onTestFinished(async () => {
    await watch.stop();
    await front[Symbol.asyncDispose]();
  });
  await eventually(() => watch.backend('fine.localhost', 'ready'));
  expect(watch.definition('stuck.localhost')).toBeUndefined();
  front.hangsOn.clear();
  await eventually(() => watch.backend('stuck.localhost', 'ready'));
});

test('a container that ends is stopped, though the engine answers no look at it while it starts it again', async () => {
  const container = await run('again');
  const { front, watch } = await behindFront(QUICK);
  await eventually(() => watch.backend('again.localhost', 'ready'));
  front.hangsOn.add(`/containers/${container.id}/json`);
  await container.restart({ t: 0 });
  await eventually(() => watch.backend('again.localhost', 'stopped'));
  front.hangsOn.clear();
  await eventually(() => watch.backend('again.localhost', 'ready'));
});

test('one event inspects one container, and only that', async () => {
  await run('bystander');
  const container = await run('actor');
  const { front, watch } = await behindFront();
  await eventually(() => watch.backend('actor.localhost', 'ready'));
  const before = front.paths.length;
  await container.pause();
  await eventually(() => watch.backend('actor.localhost', 'paused'));
  expect([...new Set(front.paths.slice(before))]).toEqual([`/containers/${container.id}/json`]);
});

test('an engine that says nothing more is noticed, and found again when it goes on', async () => {
  const engine = await startEngine();
  onTestFinished(() => engine.stop());
  await importBusybox(engine);
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'frozen' });
  const watch = await watchEngine(engine.socketPath, {}, QUICK);
  onTestFinished(() => watch.stop());
  await eventually(() => watch.backend('frozen.localhost', 'ready'));
  const pid = Number(await readFile(`${dirname(engine.socketPath)}/docker.pid`, 'utf8'));
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  await eventually(() => watch.discovery.status().state === 'lost');
  expect(watch.backend('frozen.localhost', 'ready')).toBeDefined();
  process.kill(pid, 'SIGCONT');
  await eventually(() => watch.discovery.status().state === 'connected');
});
