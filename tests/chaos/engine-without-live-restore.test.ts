import { eventually } from '@dproxy/testkit';
import { importImages, runContainer, startEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { Product } from '../product/product.ts';

const HOST = 'stopped.test';
const NAMES = ['one', 'two'];

it('answers 503 and says why while an engine without live-restore has stopped every container, and serves again after', async () => {
  const engine = await startEngine({ keepsContainers: false });
  try {
    await importImages(engine);
    await using product = await Product.start({ engine });
    for (const name of NAMES) {
      const labels = { 'dproxy.host': HOST };
      await runContainer(engine, { name, labels, stopSignal: 'SIGTERM', restart: 'always' });
    }
    await whenAllAnswer(product);
    await engine.shutDown();
    await product.whenStatus(HOST, 503);
    const { headers } = await product.get(HOST);
    expect(headers).toContainEqual(['retry-after', expect.stringMatching(/^\d+$/)]);

    // The engine may be gone before it has told of the end of the last one.
    const states = {
      state: expect.stringMatching(/^(stopped|draining)$/),
      reason: expect.stringMatching(/^(it does not run|it was told to end)/),
    };
    for (const name of NAMES)
      expect(await product.backends()).toContainEqual(expect.objectContaining({ name, ...states }));

    const restarted = engine.restart();
    const upMs = await eventually(async () => await upFor(product), { deadlineMs: 90_000, everyMs: 5 });
    await restarted;
    console.log(`restart of an engine without live-restore: the first answer ${upMs} ms after a container listened`);
    await whenAllAnswer(product);
  } finally {
    await engine.stop();
  }
});

async function whenAllAnswer(product: Product): Promise<void> {
  await eventually(async () => {
    const answers = await product.allOf(() => product.get(HOST));
    const names = new Set(answers.map(({ headers }) => valueOf(headers, 'x-origin')));
    return NAMES.every((name) => names.has(name));
  });
}

/** For how long the container that answers has listened, in milliseconds; undefined: nobody answers. */
async function upFor(product: Product): Promise<string | undefined> {
  const { status, headers } = await product.get(HOST);
  return status === 200 ? valueOf(headers, 'x-up-ms') : undefined;
}

function valueOf(headers: readonly (readonly [string, string])[], wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}
