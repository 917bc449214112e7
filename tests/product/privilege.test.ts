import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it, onTestFinished } from 'vitest';
import { removeContainers } from './engine-clean-up.ts';
import { Product, runProgram } from './product.ts';

it('gives workers no engine, no configuration file, no token and no file to write', async () => {
  const engine = sharedEngine();
  onTestFinished(() => removeContainers(engine));
  await using product = await Product.start({
    engine,
    yml: 'routes: [{ host: app.test, respond: { body: hello } }]\n',
    env: { DOCKER_PROXY_API_TOKEN: 'a-token-of-at-least-some-length', DNS_PROVIDER_KEY: 'secret' },
  });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'shop' });
  await product.whenStatus('shop.localhost', 200);
  const clients = await engineClients(engine.socketPath);
  for (const pid of await product.whenOnline()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toMatch(/TOKEN|DNS_PROVIDER_KEY|DOCKER_HOST|DOCKER_PROXY_CONFIG_PATH/);
    const files = await openFiles(pid);
    expect(files.filter((file) => file.startsWith(product.folder) && !file.endsWith('.sock'))).toEqual([]);
    expect(files.filter((file) => clients.has(file))).toEqual([]);
  }
  const primary = await openFiles(await product.primaryPid());
  expect(primary.some((file) => clients.has(file))).toBe(true);
});

async function openFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  return await Promise.all(
    (await readdir(folder)).map(async (fd) => await readlink(join(folder, fd)).catch(() => 'closed meanwhile')),
  );
}

/** The client's end of every connection to the engine. */
async function engineClients(path: string): Promise<Set<string>> {
  const { stdout } = await runProgram(['ss', '-xHn'], { env: { PATH: process.env['PATH'] ?? '' } });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(rows.flatMap(([, , , , local, , , peer]) => (local === path ? [`socket:[${peer}]`] : [])));
}
