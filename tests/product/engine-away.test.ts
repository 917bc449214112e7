import { BUSYBOX_IMAGE, importBusybox, runContainer, startEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { Product } from './product.ts';

it('serves on while the engine is away, and knows what has changed when it is back', async () => {
  const engine = await startEngine();
  try {
    await importBusybox(engine);
    await using product = await Product.start({ engine });
    await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'stays' });
    const leaves = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'leaves' });
    await product.whenStatus('stays.localhost', 200);
    await product.whenStatus('leaves.localhost', 200);
    const { State } = await leaves.inspect();

    await engine.kill();
    for (let request = 0; request < 20; request++) expect(await product.status('stays.localhost')).toBe(200);
    // Dies unseen: nobody sends an event for it.
    process.kill(State.Pid, 'SIGKILL');
    await engine.restart();
    await product.whenStatus('leaves.localhost', 503);
    expect(await product.status('stays.localhost')).toBe(200);
    await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'comes' });
    await product.whenStatus('comes.localhost', 200);
  } finally {
    await engine.stop();
  }
});

it('finds an engine that comes after it, and drops the demo route for it', async () => {
  const engine = await startEngine();
  try {
    await importBusybox(engine);
    await engine.kill();
    await using product = await Product.start({ engine, workers: 1 });
    expect(product.output).toMatch(/docker .*looked for again and again/);
    expect(await product.status('whoami.localhost')).toBe(200);
    await engine.restart();
    await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'late' });
    await product.whenStatus('late.localhost', 200);
    await product.whenStatus('whoami.localhost', 404);
  } finally {
    await engine.stop();
  }
});
