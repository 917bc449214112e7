import { echo, type Echo, Origin, respondBytes } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

/** What dproxy says, or what decides about access; a client that could have it dropped would undo it. */
const OURS = [
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-port',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-debug-backend',
  'x-debug-time-total',
  'x-debug-time-backend',
  'host',
];
const CLIENTS = [
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'origin',
  'sec-fetch-site',
  'if-match',
  'via',
];
const RULED = 'x-auth-user';

describe.each(PATHS)('row 21 on the %s path: Connection (CVE-2024-45410, CVE-2021-32813)', (path) => {
  const forms = (name: string) => [
    name,
    name.toUpperCase(),
    `close, ${name}`,
    `\t${name} ,keep-alive`,
    `,,${name},,`,
    `x-a\r\nConnection: ${name}`,
  ];

  it.each([...OURS, ...CLIENTS, RULED])('cannot take away %s', async (name) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin, headers: { requestSet: [[RULED, 'guest']] } }],
    });
    for (const option of forms(name)) {
      const own = CLIENTS.filter((field) => field !== 'content-length').map((field) => `${field}: 1`);
      const response = await edge.send(
        `POST / HTTP/1.1\r\nHost: a.example\r\n${own.join('\r\n')}\r\nConnection: ${option}\r\nContent-Length: 2\r\n\r\nhi`,
      );
      const seen = JSON.parse(response.body.text) as Echo;
      const values = seen.headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
      expect([option, values.length, seen.body]).toEqual([option, 1, 'hi']);
      expect(values[0]).not.toBe('');
    }
  });

  it('takes away what belongs to the connection, and is not forwarded itself', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const response = await edge.send(
      'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: X-A, __proto__, constructor, te\r\nX-A: 1\r\n__proto__: 1\r\n' +
        'constructor: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nTE: gzip\r\n' +
        'Proxy: http://evil.example\r\nX-B: 1\r\n\r\n',
    );
    const seen = (JSON.parse(response.body.text) as Echo).headers.map(([name]) => name.toLowerCase());
    for (const name of ['x-a', '__proto__', 'constructor', 'keep-alive', 'proxy-connection', 'te', 'proxy']) {
      expect(seen).not.toContain(name);
    }
    expect(seen).toContain('x-b');
  });

  it.each(['set-cookie', 'content-type', 'cache-control', 'content-security-policy', 'date'])(
    'of a backend cannot take away its own %s, by which others judge the response',
    async (name) => {
      await using origin = await Origin.start(
        respondBytes(`HTTP/1.1 200 OK\r\nConnection: ${name}\r\n${name}: 1\r\nContent-Length: 0\r\n\r\n`),
      );
      await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
      expect((await edge.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')).header(name)).toBe('1');
    },
  );
});
