import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually, get } from '@dproxy/testkit';
import {
  BUSYBOX_IMAGE,
  dockerOf,
  importBusybox,
  runContainer,
  sharedEngine,
  startEngine,
} from '@dproxy/testkit/docker';

test('the shared engine runs the node origin, which answers on its bridge address', async () => {
  const engine = sharedEngine();
  const container = await runContainer(engine, { name: 'kit-origin' });
  onTestFinished(() => container.remove({ force: true }));
  const address = (await container.inspect()).NetworkSettings.Networks['bridge']?.IPAddress ?? '';
  const response = await eventually(() => get({ host: address, port: 80, name: 'kit', path: '/hello' }));
  expect(JSON.parse(response.body.text)).toMatchObject({ name: 'kit-origin', url: '/hello' });
});

test('containers outlive an engine that is killed, and stop leaves nothing behind, and nothing paused', async () => {
  const engine = await startEngine();
  onTestFinished(() => engine.stop());
  await importBusybox(engine);
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE });
  const before = (await container.inspect()).State.Pid;
  await engine.kill();
  await engine.restart();
  expect((await dockerOf(engine).getContainer(container.id).inspect()).State.Pid).toBe(before);
  // What is frozen outlives SIGKILL, and so does the namespace that it is in.
  await container.pause();
  await engine.kill();
  await engine.stop();
  expect(existsSync(dirname(engine.socketPath))).toBe(false);
  process.kill(before, 'SIGKILL');
  await eventually(() => !existsSync(`/proc/${before}`), { what: 'the end of what was paused' });
});
