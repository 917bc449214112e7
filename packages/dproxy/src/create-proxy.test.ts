import { collectLog, get, RawClient, tempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createProxy, type ProxySettings } from './create-proxy.ts';

const settings: ProxySettings = {
  listen: { http: '127.0.0.1:0', https: false },
  docker: [],
  drain: 100,
  routes: [{ host: 'a.test', respond: { status: 200, body: 'hello' } }],
};

let folder: Awaited<ReturnType<typeof tempFolder>>;

beforeEach(async () => {
  folder = await tempFolder();
  vi.stubEnv('DOCKER_PROXY_STATE_PATH', folder.path);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.remove();
});

test('it can listen again after it was closed, and only then', async () => {
  const proxy = createProxy(settings, { log: collectLog() });
  for (const round of [1, 2]) {
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    const [address] = await proxy.listen();
    await expect(proxy.listen(), `round ${round}`).rejects.toThrow('listens already');
    const response = await get({ port: address?.port ?? 0, name: 'a.test' });
    expect(response.body.bytes.toString()).toBe('hello');
    await proxy.close();
  }
});

test('a program that has PORT in its environment is not moved by it', async () => {
  vi.stubEnv('PORT', '1');
  vi.stubEnv('DOCKER_PROXY_PORT', '1');
  const proxy = createProxy(settings, { log: collectLog() });
  const [address] = await proxy.listen();
  await proxy.close();
  expect(address?.port).toBeGreaterThan(1_023);
});

test('closing while it opens leaves nothing open', async () => {
  const proxy = createProxy(settings, { log: collectLog() });
  const opening = proxy.listen();
  await proxy.close();
  const [address] = await opening;
  await expect(get({ port: address?.port ?? 0, name: 'a.test' })).rejects.toThrow('ECONNREFUSED');
});

test('all that is wrong with the settings is said at once', async () => {
  const proxy = createProxy({ routs: [], limits: { headBytes: -1 } }, { log: collectLog() });
  const error: unknown = await proxy.listen().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toContain('routs');
  expect((error as Error).message).toContain('headBytes');
});

test('the first handshake after the start gets its certificate', async () => {
  const proxy = createProxy({ ...settings, listen: { http: false, https: '127.0.0.1:0' } }, { log: collectLog() });
  const [address] = await proxy.listen();
  onTestFinished(() => proxy.close());
  using client = await RawClient.connect({
    port: address?.port ?? 0,
    tls: { servername: 'a.test', rejectUnauthorized: false },
  });
  await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  expect((await client.readResponse()).body.text).toBe('hello');
});
