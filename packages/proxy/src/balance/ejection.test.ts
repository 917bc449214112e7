import { describe, expect, it } from 'vitest';
import { startEdge } from '../fixtures/edge.ts';
import { answers, Backends } from '../fixtures/backends.ts';

const EJECTION = { failures: 2, windowMs: 60_000, ejectMs: 60_000, statuses: false };
const FAILS = {
  b: async (exchange: { respond(answer: object): Promise<void> }) => exchange.respond({ status: 500, body: 'b' }),
};

async function deadOne(): Promise<{ backends: Backends; route: ReturnType<Backends['route']> }> {
  const backends = await Backends.start('ab');
  const route = backends.route({ ejection: EJECTION });
  await backends.of('b')[Symbol.asyncDispose]();
  return { backends, route };
}

describe('a backend that fails too often', () => {
  it('is passed over, and asked again when it is the only one', async () => {
    const { backends, route } = await deadOne();
    await using _ = backends;
    await using edge = await startEdge({ routes: [route] });
    using client = await edge.connect();
    expect(await answers(client, 10)).toBe('a'.repeat(10));
    // Two that were tried elsewhere, then nobody went there any more.
    expect(edge.plane.stats()).toMatchObject({ errors: { 'upstream-refused': 2 }, ejections: 1 });
  });

  it('stays passed over when the table changes', async () => {
    const { backends, route } = await deadOne();
    await using _ = backends;
    await using edge = await startEdge({ routes: [route] });
    using client = await edge.connect();
    await answers(client, 6);
    await edge.apply({ version: 2, routes: [{ ...route, fallThrough: false }] });
    await answers(client, 6);
    expect(edge.plane.stats().errors).toEqual({ 'upstream-refused': 2 });
  });

  it('counts answers of 500 and more where that is asked', async () => {
    await using backends = await Backends.start('ab', FAILS);
    const ejection = { ...EJECTION, statuses: true };
    await using edge = await startEdge({ routes: [backends.route({ ejection })] });
    using client = await edge.connect();
    const names = await answers(client, 10);
    expect(names.split('').filter((name) => name === 'b')).toHaveLength(2);
    expect(names.endsWith('aaaaa')).toBe(true);
  });

  it('is asked all the same when all others fail, too', async () => {
    await using backends = await Backends.start('ab', { ...FAILS, a: FAILS.b });
    const ejection = { ...EJECTION, failures: 1, statuses: true };
    await using edge = await startEdge({ routes: [backends.route({ ejection })] });
    using client = await edge.connect();
    expect(await answers(client, 6)).toBe('bbbbbb');
    expect([backends.of('a').requests.length, backends.of('b').requests.length]).toEqual([3, 3]);
  });
});
