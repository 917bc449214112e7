import type { Filter, ForwardAuthFilter, HeaderChange } from '@dproxy/core';
import { echo, type Echo, Origin, type RawResponse, webSocketEcho } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge, WIRES } from './edge.ts';

const set = (name: string, value: string): HeaderChange => ({ operation: 'set', name, value });
const STRIP: Filter = { type: 'stripPrefix', prefixes: ['/api'] };
const CLOSED: Filter = {
  type: 'basicAuth',
  users: [['ann', '$2y$04$mDGU0f1cbMF2fjq3.z01cuN/BK8a7P76Y9HPHt7xyVGF/zIl.ouo.']],
  realm: 'closed',
  removeHeader: true,
  userHeader: 'x-user',
};
const LOGIN = `Authorization: Basic ${Buffer.from('ann:right').toString('base64')}\r\n`;

function forwardAuth(port: number): ForwardAuthFilter {
  return {
    type: 'forwardAuth',
    url: `http://127.0.0.1:${port}/`,
    trustForwarded: false,
    requestHeaders: [],
    responseHeaders: ['x-auth-user'],
    responseHeadersPattern: '',
    cookies: [],
    userHeader: '',
    maxBodyBytes: -1,
    preserveMethod: false,
    preserveLocation: true,
    tlsVerify: true,
    timeoutMs: 5_000,
  };
}

function values(response: Pick<RawResponse, 'headers'>, name: string): string[] {
  return response.headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
}

describe.each(PATHS.flatMap((path) => WIRES.map((wire) => [path, wire] as const)))('the %s path, %s', (path, wire) => {
  const start = (to: Origin, ...filters: Filter[]) => startEdge({ path, wire, to, route: { filters } });

  it('gives the backend the rewritten target and the changed fields, and the client the changed answer', async () => {
    await using origin = await Origin.start(echo());
    const changes: Filter = {
      type: 'headers',
      request: [set('x-a', 'ours'), set('x-forwarded-proto', 'ours'), set('x-forwarded-for', '192.0.2.1')],
      response: [set('content-type', 'text/x'), set('x-b', 'ours')],
    };
    await using edge = await start(origin, STRIP, changes);
    const head = 'GET /api/x?q HTTP/1.1\r\nHost: @\r\nX-A: client\r\nX_A: client\r\nX-Forwarded-Prefix: /evil\r\n\r\n';
    const response = await edge.send(head);
    const seen = JSON.parse(response.body.text) as Echo;
    expect(seen.target).toBe('/x?q');
    expect(seen.headers.filter(([, value]) => value === 'client' || value === '/evil')).toEqual([]);
    expect(values(seen, 'x-a')).toEqual(['ours']);
    expect(values(seen, 'x-forwarded-proto')).toEqual(['ours']);
    expect(values(seen, 'x-forwarded-for')).toEqual(['192.0.2.1']);
    expect(values(seen, 'x-forwarded-prefix')).toEqual(['/api']);
    expect([values(response, 'content-type'), values(response, 'x-b')]).toEqual([['text/x'], ['ours']]);
  });

  it('refuses a path that filters would make two of', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await start(origin, STRIP);
    expect((await edge.send('GET /api/../api/x HTTP/1.1\r\nHost: @\r\n\r\n')).status).toBe(400);
    expect(origin.requests).toHaveLength(0);
  });

  it('asks for a password, and takes the body of who has one', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await start(origin, CLOSED);
    const post = (headers: string) =>
      edge.send(`POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 4\r\n${headers}\r\nbody`);
    const refused = await post('');
    expect([refused.status, values(refused, 'www-authenticate')]).toEqual([
      401,
      ['Basic realm="closed", charset="UTF-8"'],
    ]);
    const seen = JSON.parse((await post(LOGIN)).body.text) as Echo;
    expect([seen.body, values(seen, 'x-user'), values(seen, 'authorization')]).toEqual(['body', ['ann'], []]);
  });

  it('asks an auth server once, and holds the body meanwhile', async () => {
    await using auth = await Origin.start((exchange) =>
      exchange.target === '/' && exchange.head.header('cookie') === 'in'
        ? exchange.respond({ headers: [['X-Auth-User', 'ann']] })
        : exchange.respond({ status: 302, headers: [['Location', '/login']] }),
    );
    await using origin = await Origin.start(echo());
    await using edge = await start(origin, forwardAuth(auth.port));
    const post = (headers: string) =>
      edge.send(`POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 4\r\nX-Auth-User: root\r\n${headers}\r\nbody`);
    const sent = await post('');
    expect([sent.status, values(sent, 'location')]).toEqual([302, ['/login']]);
    const seen = JSON.parse((await post('Cookie: in\r\n')).body.text) as Echo;
    expect([seen.body, values(seen, 'x-auth-user')]).toEqual(['body', ['ann']]);
    expect(auth.requests).toHaveLength(2);
  });

  it('shows an auth server the body, which the backend gets after it', async () => {
    await using auth = await Origin.start(echo());
    await using origin = await Origin.start(echo());
    await using edge = await start(origin, { ...forwardAuth(auth.port), maxBodyBytes: 100_000, preserveMethod: true });
    const body = 'x'.repeat(70_000);
    const response = await edge.send(`POST / HTTP/1.1\r\nHost: @\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect((JSON.parse(response.body.text) as Echo).body).toBe(body);
    expect((await auth.requests[0]?.body())?.text).toBe(body);
  });

  it('answers preflight requests, and sends clients elsewhere', async () => {
    await using origin = await Origin.start(echo());
    const cors: Filter = {
      type: 'cors',
      origins: ['https://app.test'],
      originPatterns: [],
      methods: ['PUT'],
      headers: [],
      exposed: [],
      credentials: false,
      maxAgeS: -1,
      vary: false,
    };
    const moved: Filter = { type: 'redirectPattern', pattern: '/old$', replacement: '/new', permanent: true };
    await using edge = await start(origin, cors, moved);
    const asked = await edge.send(
      'OPTIONS / HTTP/1.1\r\nHost: @\r\nOrigin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n',
    );
    expect([asked.status, values(asked, 'access-control-allow-origin')]).toEqual([204, ['https://app.test']]);
    const elsewhere = await edge.send('GET /old HTTP/1.1\r\nHost: @\r\nOrigin: https://app.test\r\n\r\n');
    expect([elsewhere.status, values(elsewhere, 'access-control-allow-origin')]).toEqual([301, ['https://app.test']]);
    expect(values(elsewhere, 'location')[0]).toMatch(/^https?:\/\/[a-z.]+\/new$/);
    expect(origin.requests).toHaveLength(0);
  });
});

describe.each(PATHS)('a WebSocket on the %s path', (path) => {
  it('passes the filters like any request', async () => {
    await using origin = await Origin.start(webSocketEcho());
    await using edge = await startEdge({ path, to: origin, route: { filters: [CLOSED, STRIP] } });
    using client = await edge.connect();
    const offer = `GET /api/chat HTTP/1.1\r\nHost: ${edge.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`;
    await client.write(`${offer}\r\n`);
    expect((await client.readResponse()).status).toBe(401);
    using other = await edge.connect();
    await other.write(`${offer}${LOGIN}\r\n`);
    expect((await other.readHead()).status).toBe(101);
    expect(origin.requests.map(({ target }) => target)).toEqual(['/chat']);
  });
});
