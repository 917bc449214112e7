import { eventually } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { answers, Backends } from '../fixtures/backends.ts';

describe('hash', () => {
  it('sends a key to the same backend on every worker', async () => {
    await using backends = await Backends.start('abcd');
    const routes = [backends.route({ strategy: 'hash', hashBy: { type: 'header', name: 'x-user' } })];
    await using one = await startEdge({ routes }, { workerIndex: 0, workerCount: 2 });
    await using two = await startEdge({ routes }, { workerIndex: 1, workerCount: 2 });
    using first = await one.connect();
    using second = await two.connect();
    const seen = new Set<string>();
    for (const user of ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']) {
      const header = `X-User: ${user}\r\n`;
      const name = await answers(first, 1, header);
      expect(await answers(first, 2, header)).toBe(name.repeat(2));
      expect(await answers(second, 2, header)).toBe(name.repeat(2));
      seen.add(name);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  it.each([
    [{ type: 'cookie', name: 'id' } as const, 'Cookie: a=1; id=7\r\n', '/'],
    [{ type: 'query', name: 'id' } as const, '', '/x?a=1&id=7'],
    [{ type: 'path' } as const, '', '/seven'],
    [{ type: 'client' } as const, '', '/'],
  ])('goes by %o', async (hashBy, headers, path) => {
    await using backends = await Backends.start('abc');
    await using edge = await startEdge({ routes: [backends.route({ strategy: 'hash', hashBy })] });
    using client = await edge.connect();
    expect(new Set(await answers(client, 4, headers, path)).size).toBe(1);
  });

  it('moves only the keys of a backend that leaves', async () => {
    await using backends = await Backends.start('abc');
    const hashBy = { type: 'path' } as const;
    const paths = Array.from({ length: 12 }, (_, number) => `/${number}`);
    await using edge = await startEdge({ routes: [backends.route({ strategy: 'hash', hashBy })] });
    using client = await edge.connect();
    const all = async (): Promise<string[]> => {
      const names: string[] = [];
      for (const path of paths) names.push(await answers(client, 1, '', path));
      return names;
    };
    const before = await all();
    await edge.apply({ version: 2, routes: [backends.route({ strategy: 'hash', hashBy }, { names: 'ac' })] });
    const after = await all();
    expect(before).toContain('b');
    expect(after).not.toContain('b');
    for (const [index, name] of before.entries()) if (name !== 'b') expect(after[index]).toBe(name);
  });
});

it('least connections passes over a backend that is busy', async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using backends = await Backends.start('ab', {
    a: async (exchange) => {
      await gate;
      await exchange.respond({ body: 'a' });
    },
  });
  await using edge = await startEdge({ routes: [backends.route({ strategy: 'leastConnections' })] });
  using slow = await edge.connect();
  await slow.write(getRequest());
  await eventually(() => backends.of('a').requests.length === 1);
  using quick = await edge.connect();
  expect(await answers(quick, 4)).toBe('bbbb');
  release();
  expect((await slow.readResponse()).body.text).toBe('a');
});

it('the first takes everything while it is ready', async () => {
  await using backends = await Backends.start('ab');
  await using edge = await startEdge({ routes: [backends.route({ strategy: 'first' })] });
  using client = await edge.connect();
  expect(await answers(client, 3)).toBe('aaa');
  await edge.apply({ version: 2, routes: [backends.route({ strategy: 'first' }, { names: 'b' })] });
  expect(await answers(client, 2)).toBe('bb');
});

it('least time asks a backend that refuses no sooner for being quick about it', async () => {
  await using backends = await Backends.start('ab');
  const { port } = backends.of('b');
  await backends.of('b')[Symbol.asyncDispose]();
  const route = backends.route({ strategy: 'leastTime' }, { names: 'a' });
  const to = [
    { id: 'file:a', port: backends.of('a').port },
    { id: 'file:b', port },
  ];
  await using edge = await startEdge({ routes: [{ ...route, to }] });
  using client = await edge.connect();
  expect(await answers(client, 6)).toBe('aaaaaa');
  expect(edge.plane.stats().errors).toEqual({ 'upstream-refused': 1 });
});
