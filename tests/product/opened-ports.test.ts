import { eventually, freePort, get } from '@dproxy/testkit';
import { runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { startOnEngine } from './on-engine.ts';
import type { Product } from './product.ts';

const engine = sharedEngine();
let product: Product;

startOnEngine(engine, (started) => (product = started));

it('opens the ports that containers ask for, balances over them, and closes them with the last', async () => {
  const port = await freePort();
  const run = (name: string, url: string) =>
    runContainer(engine, { name, env: { PORT: String(port), RPROXY: `${url}:${port}` } });
  await run('one', 'tcp://irc.test');
  await run('two', 'tcp://other.test');
  const answer = async () => (await get({ port, name: 'any.test' }).catch(() => undefined))?.status;
  await eventually(async () => (await answer()) === 200);
  await eventually(async () => {
    const rows = (await product.api('/streams')).data as { id: string; backends: unknown[] }[];
    return rows.length === 1 && rows[0]?.id === `tcp:${port}/*` && rows[0].backends.length === 2;
  });
  // Who comes later and wants to speak something else is refused, and the port stays as it is.
  await run('web', 'http://web.test');
  const refused = await eventually(async () =>
    (await product.rejected()).find(({ source }) => source === 'docker:web'),
  );
  expect(refused.message).toBe(`port ${port} cannot be http: one has it as tcp, and keeps it`);
  expect(await answer()).toBe(200);
  // When those are gone the port is the site's, and answers for its host alone.
  await engine.docker('rm', '-f', 'one', 'two');
  await eventually(async () => (await get({ port, name: 'web.test' }).catch(() => undefined))?.status === 200);
  expect(await answer()).toBe(404);
  expect(await product.status('web.test')).toBe(404);
});
