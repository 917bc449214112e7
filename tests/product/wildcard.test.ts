import { eventually, Origin, respond } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Product } from './product.ts';
import { askEveryWorker } from './workers.ts';

const WELL = respond({ headers: [['X-Who', 'outer']], body: 'outer' });
const ILL = respond({ status: 500, body: 'inner is ill' });

it('verifies wildcard candidates, remembers the one that answered, and forgets it when it is gone', async () => {
  await using inner = await Origin.start(ILL);
  const outer = await Origin.start(WELL);
  await using product = await Product.start({
    yml: `
routes:
  - { host: "*.inner.example.com", to: "http://127.0.0.1:${inner.port}" }
  - { host: "*.example.com", to: "http://127.0.0.1:${outer.port}" }
  - { host: exact.inner.example.com, respond: { body: exact } }
  - { host: bare.test, respond: { body: bare } }
`,
  });
  expect((await product.get('exact.inner.example.com')).body.text).toBe('exact');
  // The most specific one is asked first, and its error sends the request on.
  expect(await onEveryWorker(product)).toEqual([200, 200]);
  const asked = inner.requests.length;
  expect(asked).toBeGreaterThanOrEqual(2);
  // Remembered: the recovered one is not asked again, nor is a bad answer of the remembered one a reason to.
  inner.behave(respond({ status: 201, body: 'inner is well' }));
  expect(await onEveryWorker(product)).toEqual([200, 200]);
  outer.behave(respond({ status: 500, body: 'provoked' }));
  expect(await onEveryWorker(product)).toEqual([500, 500]);
  expect(inner.requests).toHaveLength(asked);
  // Forgotten: it cannot be connected.
  await outer.close();
  await eventually(async () => (await onEveryWorker(product)).every((status) => status === 201));
  // A wildcard goes before the www. that is stripped, and takes not the name itself.
  expect((await product.get('www.bare.test')).body.text).toBe('bare');
  expect(await product.status('www.example.com')).toBe(502);
  expect(await product.status('example.com')).toBe(404);
});

async function onEveryWorker(product: Product): Promise<number[]> {
  return (await askEveryWorker(product, 'shop.inner.example.com')).map(({ status }) => status);
}
