import { METHODS } from 'node:http';
import {
  echo,
  Origin,
  respond,
  respondBytes,
  respondChunked,
  type Behaviour,
  type Echo,
  type RawResponse,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge, type Wire, WIRES } from './edge.ts';

interface Case {
  readonly name: string;
  /** `@` stands for the host. */
  readonly request: string;
  readonly origin?: Behaviour;
  readonly expected: (response: RawResponse, wire: Wire) => void;
}

/** What is about the syntax of HTTP/1.1, and cannot be said in HTTP/2; tests/security/http2-heads.test.ts has what can. */
const NOT_IN_HTTP2: ReadonlySet<string> = new Set([
  'a request with a chunked body',
  'absolute form',
  'header lines of the client, in order, without those of its connection',
  'two framings: 400',
  'a malformed chunk: 400',
]);

function echoed(response: RawResponse): Echo {
  return JSON.parse(response.body.text) as Echo;
}

/** A case whose origin says what it got. */
function sees(name: string, request: string, expected: Partial<Echo>): Case {
  return { name, request, expected: (response) => expect(echoed(response)).toMatchObject(expected) };
}

/** A case whose origin answers so. */
function shows(name: string, bytes: string, expected: Case['expected'], method = 'GET'): Case {
  return {
    name,
    request: `${method} / HTTP/1.1\r\nHost: @\r\n\r\n`,
    origin: respondBytes(bytes, { close: true }),
    expected,
  };
}

const POST = 'POST / HTTP/1.1\r\nHost: @\r\n';

const REQUESTS: readonly Case[] = [
  ...METHODS.filter((method) => !['CONNECT', 'TRACE', 'HEAD'].includes(method)).map((method) =>
    sees(`${method} with a body`, `${method} /x HTTP/1.1\r\nHost: @\r\nContent-Length: 3\r\n\r\nabc`, {
      method,
      body: 'abc',
    }),
  ),
  sees('no body', 'GET /a?b=c HTTP/1.1\r\nHost: @\r\n\r\n', { target: '/a?b=c', bodyFraming: 'none', bodyLength: 0 }),
  sees('a POST without a body', `${POST}\r\n`, { bodyLength: 0 }),
  sees('an empty body', `${POST}Content-Length: 0\r\n\r\n`, { bodyLength: 0 }),
  sees('a request with a chunked body', `${POST}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\n\r\n`, {
    body: 'hi!',
    bodyFraming: 'chunked',
  }),
  sees('a body of bytes', `${POST}Content-Type: application/json\r\nContent-Length: 4\r\n\r\n\x00{\xff\r`, {
    bodyLength: 4,
  }),
  ...['/a%2Fb', '/a/..bar', '//x//y', '/%41', "/a;b='c'", '/?a=%&b', '/a%20b?c=/../d'].map((target) =>
    sees(`the target ${target}`, `GET ${target} HTTP/1.1\r\nHost: @\r\n\r\n`, { target }),
  ),
  sees('absolute form', 'GET http://@/x HTTP/1.1\r\nHost: @\r\n\r\n', { target: '/x' }),
  sees('OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: @\r\n\r\n', { target: '*' }),
  {
    name: 'header lines of the client, in order, without those of its connection',
    request:
      'GET / HTTP/1.1\r\nHost: @\r\nX-B: 1\r\nx-a: 2\r\nConnection: X-Gone\r\nX-Gone: 1\r\nX-B: 3\r\nTE: gzip\r\n\r\n',
    expected: (response) => {
      const own = echoed(response).headers.filter(([name]) => /^x-(?:a|b|gone)$/i.test(name));
      expect(own).toEqual([
        ['X-B', '1'],
        ['x-a', '2'],
        ['X-B', '3'],
      ]);
      expect(echoed(response).headers.map(([name]) => name.toLowerCase())).not.toContain('te');
    },
  },
  {
    name: 'forwarding headers, once each, and none that the client made up',
    request:
      'GET / HTTP/1.1\r\nHost: @\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n\r\n',
    expected: (response, wire) => {
      const isTls = wire !== 'HTTP/1.1';
      const values = (name: string) =>
        echoed(response)
          .headers.filter(([other]) => other.toLowerCase() === name)
          .map(([, value]) => value);
      expect(values('x-forwarded-for')).toEqual(['127.0.0.1']);
      expect(values('x-real-ip')).toEqual(['127.0.0.1']);
      expect(values('x-forwarded-proto')).toEqual([isTls ? 'https' : 'http']);
      expect(values('x-forwarded-port')).toEqual([isTls ? '443' : '80']);
      expect(values('forwarded')).toEqual([]);
      for (const name of ['x-forwarded-host', 'x-forwarded-server', 'x-forwarded-protocol', 'host'])
        expect(values(name)).toHaveLength(1);
      for (const name of ['x-debug-backend', 'x-debug-time-total', 'x-debug-time-backend'])
        expect(values(name)).toHaveLength(1);
    },
  },
];

const LENGTH_2 = 'Content-Length: 2\r\n\r\nhi';

const RESPONSES: readonly Case[] = [
  ...[200, 201, 301, 401, 404, 418, 500, 502, 503, 599].map((status) =>
    shows(`status ${status}`, `HTTP/1.1 ${status} Reason\r\n${LENGTH_2}`, (response, wire) => {
      expect(response.startLine).toBe(wire === 'HTTP/2' ? `HTTP/2 ${status}` : `HTTP/1.1 ${status} Reason`);
      expect(response.body.text).toBe('hi');
    }),
  ),
  shows('a body without a length', 'HTTP/1.1 200 OK\r\n\r\nhello', (response) => {
    expect(response.body.text).toBe('hello');
  }),
  shows(
    'HEAD',
    'HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n',
    (response) => {
      expect(response.header('content-length')).toBe('42');
    },
    'HEAD',
  ),
  shows('204', 'HTTP/1.1 204 No Content\r\nETag: "a"\r\n\r\n', (response) => {
    expect([response.status, response.header('etag'), response.header('content-length')]).toEqual([
      204,
      '"a"',
      undefined,
    ]);
  }),
  shows('304', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', (response) => {
    expect([response.status, response.header('etag')]).toEqual([304, '"a"']);
  }),
  shows(
    'repeated lines',
    `HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX-A: 1\r\nSet-Cookie: b\r\nX-A: 2\r\n${LENGTH_2}`,
    (response) => {
      const values = (name: string) =>
        response.headers.filter(([other]) => other.toLowerCase() === name).map(([, v]) => v);
      expect([values('set-cookie'), values('x-a')]).toEqual([
        ['a', 'b'],
        ['1', '2'],
      ]);
    },
  ),
  shows(
    'lines of the connection',
    `HTTP/1.1 200 OK\r\nConnection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=9\r\n${LENGTH_2}`,
    (response) => {
      expect([response.header('x-gone'), response.header('keep-alive')]).toEqual([undefined, undefined]);
    },
  ),
  shows('103', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${LENGTH_2}`, (response, wire) => {
    expect(response.interim.map((head) => [head.startLine, head.header('link')])).toEqual([
      [wire === 'HTTP/2' ? 'HTTP/2 103' : 'HTTP/1.1 103 Early Hints', '</a>'],
    ]);
  }),
  {
    name: 'a chunked body',
    request: 'GET / HTTP/1.1\r\nHost: @\r\n\r\n',
    origin: respondChunked(['ab', 'cde']),
    expected: (response, wire) =>
      expect(response.body).toMatchObject({ text: 'abcde', framing: wire === 'HTTP/2' ? 'none' : 'chunked' }),
  },
  ...(
    [
      ['two framings', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'],
      ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na'],
      ['a folded line', 'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 1\r\n\r\na'],
      ['an unasked-for 101', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
      ['a flood of 1xx', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(12)],
      ['nothing', ''],
    ] as const
  ).map(([name, bytes]) =>
    shows(`${name}: 502`, bytes, (response) => {
      expect(response.status).toBe(502);
      expect(response.body.text).not.toContain('127.0.0.1');
    }),
  ),
];

const REFUSALS: readonly Case[] = (
  [
    ['two framings', `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a malformed chunk', `${POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: @\r\n\r\n', 405],
    ['an unknown expectation', `${POST}Expect: magic\r\nContent-Length: 1\r\n\r\na`, 417],
    ['a path that can be read in two ways', 'GET /x%00 HTTP/1.1\r\nHost: @\r\n\r\n', 400],
  ] as const
).map(([name, request, status]) => ({
  name: `${name}: ${status}`,
  request,
  origin: respond({ body: 'the backend must not be asked' }),
  expected: (response: RawResponse) => expect(response.status).toBe(status),
}));

const ALL: readonly Case[] = [...REQUESTS, ...RESPONSES, ...REFUSALS];
const WAYS = PATHS.flatMap((path) => WIRES.map((wire) => ({ path, wire })));

it('knows by name what HTTP/2 cannot say', () => {
  expect(ALL.filter(({ name }) => NOT_IN_HTTP2.has(name))).toHaveLength(NOT_IN_HTTP2.size);
});

describe.each(WAYS)('the $path path, asked by $wire', ({ path, wire }) => {
  it.each(ALL.filter(({ name }) => wire !== 'HTTP/2' || !NOT_IN_HTTP2.has(name)))(
    '$name',
    async ({ request, origin: behaviour = echo(), expected }) => {
      await using origin = await Origin.start(behaviour);
      await using edge = await startEdge({ path, wire, to: origin });
      expected(await edge.send(request), wire);
      for (const { failures } of origin.connections) {
        expect(failures.filter((failure) => failure instanceof Error && failure.name === 'HttpViolation')).toEqual([]);
      }
    },
  );
});
