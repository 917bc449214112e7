import { createProxy, type ProxyOptions } from 'dproxy';
import { collectLog, eventually, get, tempFolder } from '@dproxy/testkit';
import { dockerOf, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { removeContainers } from '../product/engine-clean-up.ts';

const engine = sharedEngine();

afterAll(async () => {
  vi.unstubAllEnvs();
  await removeContainers(engine);
});

async function listen(options: ProxyOptions): Promise<number> {
  const folder = await tempFolder('dp-');
  vi.stubEnv('DOCKER_PROXY_STATE_PATH', folder.path);
  const settings = {
    listen: { http: '127.0.0.1:0', https: false },
    docker: [`unix://${engine.socketPath}`],
    drain: 100,
  };
  const proxy = createProxy(settings, { log: collectLog(), ...options });
  const [address] = await proxy.listen();
  onTestFinished(async () => {
    await proxy.close();
    await folder.remove();
  });
  return address?.port ?? 0;
}

it('a proxy in a program puts to sleep what it may, and wakes it', async () => {
  const container = 'embedded';
  await runContainer(engine, {
    name: container,
    labels: { 'dproxy.host': 'embedded.test', 'dproxy.wake.idle': '1s', 'dproxy.wake.cpu': '0' },
  });
  const state = async () => (await dockerOf(engine).getContainer(container).inspect()).State.Status;
  const port = await listen({ idleStop: true });
  expect((await get({ port, name: 'embedded.test' })).status).toBe(200);
  await eventually(async () => (await state()) === 'exited', { everyMs: 50, what: 'the container ended' });
  expect((await get({ port, name: 'embedded.test' })).status).toBe(200);
  expect(await state()).toBe('running');
});
