import { echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

/** Spellings of a Host that are one and the same name. */
const SAME = ['a.example', 'A.EXAMPLE', 'a.example.', 'a.example:80', 'A.Example.:8080', 'a.example:65535'];
/** Names that are near to a routed one, and must not reach it. */
const OTHER = [
  'a.example.evil',
  'xa.example',
  'a-example',
  'example',
  'b.a.example',
  'a.example-',
  'localhost',
  '127.0.0.1',
  '[::1]',
  '0x7f.0.0.1',
  '2130706433',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty.example',
];

describe.each(PATHS)('row 24 on the %s path: Host', (path) => {
  it.each(SAME)('reaches its site in any spelling, and is passed on as it is: %s', async (host) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    for (const target of ['/', `http://${host}/`]) {
      const seen = JSON.parse((await edge.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).body.text) as Echo;
      expect([seen.target, seen.headers.filter(([name]) => name.toLowerCase() === 'host')]).toEqual([
        '/',
        [['Host', host]],
      ]);
    }
  });

  it.each(OTHER)("that is another one never gets somebody else's site: %s", async (host) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const { status } = await edge.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect([400, 404]).toContain(status);
    expect(origin.connections).toHaveLength(0);
  });

  it('in absolute form is the one of the request line, and both must be the same', async () => {
    await using a = await Origin.start(echo('a'));
    await using b = await Origin.start(echo('b'));
    const routes = [
      { host: 'a.example', to: a },
      { host: 'b.example', to: b },
    ];
    await using edge = await startEdge({ path, routes });
    const absolute = (authority: string, host: string) => `GET http://${authority}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    expect((JSON.parse((await edge.send(absolute('b.example', 'b.example'))).body.text) as Echo).origin).toBe('b');
    for (const [authority, host] of [
      ['a.example', 'b.example'],
      ['b.example', 'a.example'],
      ['a.example:80', 'a.example'],
      ['a.example', 'a.example:80'],
      ['a.example.', 'a.example'],
      ['a.example@b.example', 'a.example'],
    ] as const) {
      expect((await edge.send(absolute(authority, host))).status).toBe(400);
    }
    expect([a.requests.length, b.requests.length]).toEqual([0, 1]);
  });

  it('is chosen anew by every request of a connection', async () => {
    await using a = await Origin.start(echo('a'));
    await using b = await Origin.start(echo('b'));
    await using edge = await startEdge({
      path,
      routes: [
        { host: 'a.example', to: a },
        { host: 'b.example', to: b },
      ],
    });
    using client = await edge.connect();
    const hosts = ['a', 'b', 'a', 'none', 'b'];
    await client.write(hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}.example\r\n\r\n`).join(''));
    const got: string[] = [];
    for (const _ of hosts) {
      const { status, body } = await client.readResponse();
      got.push(status === 200 ? (JSON.parse(body.text) as Echo).origin : String(status));
    }
    expect(got).toEqual(['a', 'b', 'a', '404', 'b']);
  });

  it('is shown on error pages without becoming markup or a header', async () => {
    await using edge = await startEdge({ path, routes: [] });
    for (const accept of ['text/html', 'application/json', 'text/plain']) {
      const response = await edge.send(
        `GET /<script>alert(1)</script> HTTP/1.1\r\nHost: unknown.example\r\nAccept: ${accept}\r\n` +
          'User-Agent: <script>alert(1)</script>\r\nCookie: secret=1\r\nReferer: <script>\r\n\r\n',
      );
      expect(response.status).toBe(404);
      expect(response.body.text + response.raw).not.toMatch(/<script>|secret|alert/);
    }
  });
});
