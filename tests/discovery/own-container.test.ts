import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NODE_IMAGE, sharedEngine } from '@dproxy/testkit/docker';

const SOURCE = join(import.meta.dirname, '../../packages/discovery/src/own-container.ts');
const PROBE = 'import("/own-container.ts").then(async (own) => console.log(await own.findOwnContainer()))';

test.each([
  ['on a bridge', []],
  ['with a host name of its own', ['--hostname', 'dproxy.example.com']],
  ['on the network of the host', ['--network', 'host']],
])('a process in a container %s finds the id of that container', async (_, flags) => {
  const engine = sharedEngine();
  const mount = `${SOURCE}:/own-container.ts:ro`;
  const id = await engine.docker('create', ...flags, '-v', mount, NODE_IMAGE, '/usr/bin/node', '-e', PROBE);
  onTestFinished(async () => {
    await engine.docker('rm', '-f', id);
  });
  expect(await engine.docker('start', '--attach', id)).toBe(id);
});
