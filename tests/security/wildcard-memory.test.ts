import { Origin, respond } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

function request(host: string, path = '/'): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

describe.each(PATHS)('the memory of wildcards on the %s path', (path) => {
  it('is not changed by errors that a client provokes: nobody is shown the next site', async () => {
    await using specific = await Origin.start(async (exchange) => {
      await exchange.respond({ status: exchange.target === '/crash' ? 500 : 200, body: 'specific' });
    });
    await using general = await Origin.start(respond({ body: 'general' }));
    await using edge = await startEdge({
      path,
      routes: [
        { host: '*.a.example', to: specific },
        { host: '*.example', to: general },
      ],
    });
    expect((await edge.send(request('x.a.example'))).body.text).toBe('specific');
    for (let count = 0; count < 5; count++)
      expect((await edge.send(request('x.a.example', '/crash'))).status).toBe(500);
    expect((await edge.send(request('x.a.example'))).body.text).toBe('specific');
    expect(general.requests).toHaveLength(0);
  });

  it('takes a name in each of its spellings for one', async () => {
    await using specific = await Origin.start(respond({ body: 'specific' }));
    await using edge = await startEdge({ path, routes: [{ host: '*.a.example', to: specific }] });
    for (const host of ['x.a.example', 'X.A.EXAMPLE', 'x.a.example.', 'x.a.example:8080', 'y.x.a.example']) {
      expect((await edge.send(request(host))).body.text).toBe('specific');
    }
    for (const host of ['a.example', 'xa.example', '*.a.example', '.a.example', 'x.a.example.evil']) {
      expect([400, 404]).toContain((await edge.send(request(host))).status);
    }
  });

  it('tries nobody else with a request that may not be repeated', async () => {
    await using specific = await Origin.start(respond({ status: 500, body: 'no' }));
    await using general = await Origin.start(respond({ body: 'general' }));
    await using edge = await startEdge({
      path,
      routes: [
        { host: '*.a.example', to: specific },
        { host: '*.example', to: general },
      ],
    });
    const body = 'Content-Length: 2\r\n\r\nhi';
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'GET']) {
      const { status } = await edge.send(`${method} / HTTP/1.1\r\nHost: x.a.example\r\n${body}`);
      expect([method, status]).toEqual([method, 500]);
    }
    expect(general.requests).toHaveLength(0);
  });
});
