import type { StickyCookie } from '@dproxy/core';
import type { RawClient } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { answers, Backends } from '../fixtures/backends.ts';

const STICKY: StickyCookie = {
  name: 'srv',
  path: '/',
  domain: '',
  secure: false,
  httpOnly: true,
  sameSite: 'lax',
  maxAgeS: 0,
};

async function ask(client: RawClient, headers = '') {
  await client.write(getRequest('a.test', '/', headers));
  const { body, headers: fields } = await client.readResponse();
  const lines = fields.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  return { name: body.text, lines, cookie: `Cookie: other=1; ${lines[0]?.split(';')[0] ?? ''}\r\n` };
}

describe('a sticky cookie', () => {
  it('is set once, and leads back on every worker', async () => {
    await using backends = await Backends.start('abc');
    const routes = [backends.route({ sticky: STICKY })];
    await using one = await startEdge({ routes }, { workerIndex: 0, workerCount: 2 });
    await using two = await startEdge({ routes }, { workerIndex: 1, workerCount: 2 });
    using first = await one.connect();
    using second = await two.connect();
    const { name, lines, cookie } = await ask(first);
    expect(lines).toEqual([expect.stringMatching(/^srv=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/)]);
    for (const client of [first, second, first, second])
      expect(await ask(client, cookie)).toMatchObject({ name, lines: [] });
  });

  it('says what the route asks, and has a name of its own when that says none', async () => {
    await using backends = await Backends.start('a');
    const sticky = { ...STICKY, name: '', path: '/app', domain: 'test', secure: true, httpOnly: false, maxAgeS: 60 };
    await using edge = await startEdge({
      routes: [backends.route({ sticky: { ...sticky, sameSite: 'none' } })],
    });
    using client = await edge.connect();
    const pattern = /^_[0-9a-f]{8}=[\w-]{16}; Path=\/app; Domain=test; Max-Age=60; Secure; SameSite=None$/;
    expect((await ask(client)).lines).toEqual([expect.stringMatching(pattern)]);
  });

  it('does not tell where backends are', async () => {
    await using backends = await Backends.start('a');
    await using edge = await startEdge({ routes: [backends.route({ sticky: STICKY })] });
    using client = await edge.connect();
    const { lines } = await ask(client);
    expect(lines.join('')).not.toMatch(/127|file|localhost/);
    expect(lines.join('')).not.toContain(String(backends.of('a').port));
  });

  it('that names nobody is replaced', async () => {
    await using backends = await Backends.start('ab');
    await using edge = await startEdge({ routes: [backends.route({ sticky: STICKY })] });
    using client = await edge.connect();
    expect((await ask(client, 'Cookie: srv=AAAAAAAAAAAAAAAA\r\n')).lines).toHaveLength(1);
    expect((await ask(client, 'Cookie: srv=; srv\r\n')).lines).toHaveLength(1);
  });

  it('loses its clients to another backend when its own goes, for good', async () => {
    await using backends = await Backends.start('ab');
    await using edge = await startEdge({ routes: [backends.route({ sticky: STICKY })] });
    using client = await edge.connect();
    const { name, cookie } = await ask(client);
    const other = name === 'a' ? 'b' : 'a';
    await edge.apply({ version: 2, routes: [backends.route({ sticky: STICKY }, { names: other })] });
    const moved = await ask(client, cookie);
    expect(moved).toMatchObject({ name: other, lines: [expect.stringContaining('srv=') as unknown] });
    await edge.apply({ version: 3, routes: [backends.route({ sticky: STICKY })] });
    expect(await ask(client, moved.cookie)).toMatchObject({ name: other, lines: [] });
  });

  it('does not lead a request to a dead backend twice', async () => {
    await using backends = await Backends.start('ab');
    await using edge = await startEdge({ routes: [backends.route({ sticky: STICKY })] });
    using client = await edge.connect();
    const { name, cookie } = await ask(client);
    await backends.of(name)[Symbol.asyncDispose]();
    const moved = await ask(client, cookie);
    expect(moved.name).toBe(name === 'a' ? 'b' : 'a');
    expect(moved.lines).toHaveLength(1);
    expect(await ask(client, moved.cookie)).toMatchObject({ name: moved.name, lines: [] });
  });

  it('keeps the clients of a backend that takes no new ones', async () => {
    await using backends = await Backends.start('ab');
    await using edge = await startEdge({ routes: [backends.route({ sticky: STICKY })] });
    using client = await edge.connect();
    const { name, cookie } = await ask(client);
    await edge.apply({ version: 2, routes: [backends.route({ sticky: STICKY }, { weights: { [name]: 0 } })] });
    expect(await ask(client, cookie)).toMatchObject({ name, lines: [] });
    expect(await answers(client, 4)).not.toContain(name);
  });
});
