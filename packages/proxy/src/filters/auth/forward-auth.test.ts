import type { ForwardAuthFilter } from '@dproxy/core';
import { type Behaviour, echo, type Echo, eventually, Origin, respondBytes } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { values } from '../fixtures/ask.ts';

const AUTH: ForwardAuthFilter = {
  type: 'forwardAuth',
  url: '',
  trustForwarded: false,
  requestHeaders: [],
  responseHeaders: ['X-Auth-User'],
  responseHeadersPattern: '^X-Group-',
  cookies: ['sso'],
  userHeader: '',
  maxBodyBytes: -1,
  preserveMethod: false,
  preserveLocation: false,
  tlsVerify: true,
  timeoutMs: 2_000,
};

async function start(auth: Behaviour, filter: Partial<ForwardAuthFilter> = {}, settings = {}, source = 'test') {
  const server = await Origin.start(auth);
  const origin = await Origin.start(echo());
  const filters = [{ ...AUTH, url: `http://127.0.0.1:${server.port}/check?x=1`, ...filter }];
  const edge = await startEdge({
    routes: [{ host: 'a.test', to: origin, filters, origins: [{ source, name: 'app', line: 0, project: '' }] }],
    settings,
  });
  const ask = async (headers = '', method = 'GET', body = '') => {
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/x?y=1', headers).replace('GET', method) + body);
    return await client.readResponse();
  };
  return {
    server,
    origin,
    edge,
    ask,
    [Symbol.asyncDispose]: async () => {
      await edge.plane.close();
      await Promise.all([server.close(), origin.close()]);
    },
  };
}

const yes =
  (headers: readonly (readonly [string, string])[] = []): Behaviour =>
  (exchange) =>
    exchange.respond({ headers });

describe('the question', () => {
  it('is a GET with the header of the request, and what the request is', async () => {
    await using all = await start(yes());
    await all.ask(
      'Cookie: a=b\r\nContent-Length: 4\r\nX-Forwarded-Uri: /evil\r\nX-Forwarded-For: 192.0.2.1\r\n',
      'POST',
      'body',
    );
    const [question] = all.server.requests;
    expect([question?.method, question?.target, (await question?.body())?.length]).toEqual(['GET', '/check?x=1', 0]);
    const seen = { headers: question?.head.headers ?? [] };
    expect(values(seen as Echo, 'host')).toEqual([`127.0.0.1:${all.server.port}`]);
    expect(values(seen as Echo, 'cookie')).toEqual(['a=b']);
    expect(values(seen as Echo, 'x-forwarded-method')).toEqual(['POST']);
    expect(values(seen as Echo, 'x-forwarded-uri')).toEqual(['/x?y=1']);
    expect(values(seen as Echo, 'x-forwarded-host')).toEqual(['a.test']);
    expect(values(seen as Echo, 'x-forwarded-proto')).toEqual(['http']);
    expect(values(seen as Echo, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(values(seen as Echo, 'content-length')).toEqual([]);
  });

  it('has the method, and only the fields, that the filter says', async () => {
    await using all = await start(yes(), { preserveMethod: true, requestHeaders: ['Cookie'], trustForwarded: true });
    await all.ask('Cookie: a=b\r\nX-Other: c\r\nX-Forwarded-For: 192.0.2.1\r\n', 'PURGE');
    const [question] = all.server.requests;
    const seen = { headers: question?.head.headers ?? [] } as Echo;
    expect(question?.method).toBe('PURGE');
    expect([values(seen, 'cookie'), values(seen, 'x-other')]).toEqual([['a=b'], []]);
    expect(values(seen, 'x-forwarded-for')).toEqual(['192.0.2.1, 127.0.0.1']);
  });

  it.each([
    ['Content-Length: 4\r\n', 'body'],
    ['Transfer-Encoding: chunked\r\n', '2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n'],
    ['Content-Length: 4\r\nExpect: 100-continue\r\n', 'body'],
  ])('has the body, and so has the backend: %j', async (headers, body) => {
    await using all = await start(yes(), { maxBodyBytes: 4, preserveMethod: true });
    const response = await all.ask(headers, 'POST', body);
    expect((await all.server.requests[0]?.body())?.text).toBe('body');
    expect(JSON.parse(response.body.text)).toMatchObject({ body: 'body', bodyFraming: 'length' });
  });

  it.each([
    ['Content-Length: 5\r\n', '12345'],
    ['Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'],
  ])('is not asked about a longer body than it may have: %j', async (headers, body) => {
    await using all = await start(yes(), { maxBodyBytes: 4 });
    expect((await all.ask(headers, 'POST', body)).status).toBe(413);
    expect([all.server.requests, all.origin.requests]).toEqual([[], []]);
  });

  it('holds the body until it is answered', async () => {
    let answer: (() => void) | undefined;
    await using all = await start(async (exchange) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await exchange.respond({});
    });
    const response = all.ask('Content-Length: 4\r\n', 'POST', 'body');
    await eventually(() => answer !== undefined);
    expect(all.origin.requests).toHaveLength(0);
    answer?.();
    expect((JSON.parse((await response).body.text) as Echo).body).toBe('body');
  });
});

describe('yes', () => {
  it('tells the backend what the auth server says, and nothing that the client says instead', async () => {
    await using all = await start(
      yes([
        ['X-Auth-User', 'ann'],
        ['X-Group-A', '1'],
        ['X-Other', 'no'],
        ['Set-Cookie', 'sso=1; Path=/'],
        ['Set-Cookie', 'other=1'],
      ]),
    );
    const response = await all.ask(
      'X-Auth-User: root\r\nX_Auth_User: root\r\nx-auth_user: root\r\nX-Group-A: root\r\nX_Group_B: root\r\nX-Group-C: root\r\n',
    );
    const seen = JSON.parse(response.body.text) as Echo;
    expect(seen.headers.filter(([name]) => /^x.(?:auth|group|other)/i.test(name))).toEqual([
      ['x-auth-user', 'ann'],
      ['x-group-a', '1'],
    ]);
    expect(values(response, 'set-cookie')).toEqual(['sso=1; Path=/']);
  });

  it('sets cookies of its own, which the backend cannot', async () => {
    await using all = await start(
      yes([
        ['Set-Cookie', 'sso=new'],
        ['Set-Cookie', 'other=auth'],
      ]),
    );
    const headers = ['sso=forged; Path=/', 'app=1', 'SSO=2', 'sso'].map((value) => ['Set-Cookie', value] as const);
    all.origin.behave((exchange) => exchange.respond({ headers }));
    expect(values(await all.ask(), 'set-cookie')).toEqual(['app=1', 'SSO=2', 'sso', 'sso=new']);
  });

  it('takes the fields of the client also when the answer has none', async () => {
    await using all = await start(yes(), { userHeader: 'x-who' });
    const response = await all.ask('X-Auth-User: root\r\nX_Who: root\r\nConnection: x-auth-user\r\n');
    expect(response.body.text).not.toContain('root');
  });

  it('is asked for on one connection', async () => {
    await using all = await start(yes());
    for (const _ of [1, 2, 3]) expect((await all.ask()).status).toBe(200);
    expect([all.server.requests.length, all.server.connections.length]).toEqual([3, 1]);
  });

  it('is asked again on a connection that had ended meanwhile', async () => {
    await using all = await start(yes());
    expect((await all.ask()).status).toBe(200);
    for (const { socket } of all.server.connections) socket.destroy();
    expect((await all.ask()).status).toBe(200);
  });
});

describe('no', () => {
  it.each([
    ['/login', false, 'http://127.0.0.1:@/login'],
    ['https://sso.test/?a', false, 'https://sso.test/?a'],
    ['/login', true, '/login'],
  ])('is the answer, with its fields: location %s', async (location, preserveLocation, expected) => {
    const headers = [
      ['Location', location],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['WWW-Authenticate', 'Basic realm="x"'],
      ['Connection', 'X-Hop'],
      ['X-Debug-Backend', 'forged'],
    ] as const;
    await using all = await start((exchange) => exchange.respond({ status: 302, headers, body: 'go there' }), {
      preserveLocation,
    });
    const response = await all.ask();
    expect([response.status, response.body.text]).toEqual([302, 'go there']);
    expect(values(response, 'location')).toEqual([expected.replace('@', String(all.server.port))]);
    expect(values(response, 'set-cookie')).toEqual(['a=1', 'b=2']);
    expect(values(response, 'www-authenticate')).toEqual(['Basic realm="x"']);
    expect(values(response, 'x-debug-backend')).toEqual([]);
    expect(all.origin.requests).toHaveLength(0);
  });
});

describe('no answer lets nobody pass', () => {
  it.each<[string, Behaviour, Partial<ForwardAuthFilter>]>([
    ['none', () => new Promise(() => undefined), { timeoutMs: 50 }],
    ['an end', (exchange) => void exchange.connection.socket.destroy(), {}],
    ['what is no HTTP', respondBytes('HTTP/1.1 200 OK\r\nbad header\r\n\r\n'), {}],
    ['half a body', respondBytes('HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nx'), { timeoutMs: 50 }],
    ['a page of megabytes', (exchange) => exchange.respond({ status: 401, body: 'x'.repeat(300_000) }), {}],
    ['a head of kilobytes', (exchange) => exchange.respond({ headers: [['X-A', 'x'.repeat(20_000)]] }), {}],
    ['another protocol', respondBytes('HTTP/1.1 101 Yes\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'), {}],
    ['nobody there', yes(), { url: 'http://127.0.0.1:1/' }],
    ['no such name', yes(), { url: 'http://nobody.invalid/' }],
    ['a metadata service', yes(), { url: 'http://169.254.169.254/latest' }],
    ['a metadata service by another spelling', yes(), { url: 'http://[::ffff:169.254.169.254]/latest' }],
  ])('%s', async (_, behaviour, filter) => {
    await using all = await start(behaviour, filter);
    const response = await all.ask('X-Auth-User: root\r\n');
    expect(response.status).toBe(500);
    expect(response.raw).not.toContain('127.0.0.1');
    expect(all.origin.requests).toHaveLength(0);
  });

  it('not even dproxy itself, by its name', async () => {
    await using all = await start(yes());
    const { port } = all.server;
    await using own = await start(yes(), { url: `http://localhost:${port}/` }, { ownAddresses: [`0.0.0.0:${port}`] });
    expect((await own.ask()).status).toBe(500);
    expect(all.server.requests).toHaveLength(0);
  });
});

it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])(
  'with the labels of a container it asks nothing that is for this machine alone: %s',
  async (host) => {
    await using all = await start(yes());
    const url = `http://${host}:${all.server.port}/`;
    await using labelled = await start(yes(), { url }, {}, 'docker:unix:///run/docker.sock');
    expect((await labelled.ask()).status).toBe(500);
    expect(all.server.requests).toHaveLength(0);
  },
);

it('a client that goes away takes the question with it', async () => {
  await using all = await start(() => new Promise(() => undefined));
  using client = await all.edge.connect();
  await client.write(getRequest());
  await eventually(() => all.server.requests.length === 1);
  client.reset();
  await all.server.connections[0]?.gone;
  expect(all.edge.plane.stats().errors['client-gone']).toBe(1);
  expect(all.origin.requests).toHaveLength(0);
});

it('a drain waits for it', async () => {
  let answer: (() => void) | undefined;
  await using all = await start(async (exchange) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    await exchange.respond({});
  });
  const response = all.ask();
  await eventually(() => answer !== undefined);
  const drained = all.edge.plane.drain(5_000);
  answer?.();
  expect((await response).status).toBe(200);
  expect(await drained).toMatchObject({ cut: 0 });
});
