import { echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

const NAMES = Object.getOwnPropertyNames(Object.prototype);

describe.each(PATHS)('row 34 on the %s path: names that every object has (CVE-2026-21710)', (path) => {
  it.each(NAMES)('%s is a name like any other: header, query, path, cookie, host', async (name) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const fields = `${name}: 1\r\n${name}: 2\r\nCookie: ${name}=1\r\nConnection: x-a\r\nAccept: ${name}\r\n`;
    const target = `/${name}?${name}=1&${name}[x]=2`;
    const response = await edge.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);
    const seen = JSON.parse(response.body.text) as Echo;
    expect([seen.target, seen.headers.filter(([field]) => field === name)]).toEqual([
      target,
      [
        [name, '1'],
        [name, '2'],
      ],
    ]);
    for (const host of [name, `${name}.example`, `a.${name}`]) {
      expect([400, 404]).toContain((await edge.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)).status);
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(NAMES);
  });

  it.each(NAMES.filter((name) => /^[a-z_]+$/i.test(name)))(
    '%s may be a host that is routed, and no other',
    async (name) => {
      const host = name.toLowerCase();
      await using origin = await Origin.start(echo());
      await using edge = await startEdge({ path, routes: [{ host, to: origin, path: `/${name}` }] });
      expect((await edge.send(`GET /${name} HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).status).toBe(200);
      expect((await edge.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).status).toBe(404);
      expect((await edge.send(`GET /${name} HTTP/1.1\r\nHost: x${name}\r\n\r\n`)).status).toBe(404);
    },
  );

  it('may be a header of a backend', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.respond({ headers: NAMES.map((name) => [name, '1'] as const), body: 'ok' });
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const got = new Set(response.headers.map(([name]) => name.toLowerCase()));
    for (const name of NAMES) expect(got).toContain(name.toLowerCase());
  });
});
