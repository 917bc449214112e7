import { DEFAULT_LIMITS, type Limits } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { REQUEST_CORPUS } from './corpus/request-corpus.ts';
import { codeOf } from './corpus/outcomes.ts';
import { HeadProgress } from './head-progress.ts';
import type { RequestHead } from './message.ts';
import { parseRequestHead } from './request-parser.ts';

function parse(text: string, limits: Limits = DEFAULT_LIMITS): RequestHead | undefined {
  const bytes = Buffer.from(text, 'latin1');
  return parseRequestHead(bytes, 0, bytes.length, limits, new HeadProgress());
}

function head(text: string): RequestHead {
  const parsed = parse(text);
  if (parsed === undefined) throw new Error('the head is not complete');
  return parsed;
}

function get(...fields: string[]): RequestHead {
  return head(['GET /p HTTP/1.1', 'Host: a.example', ...fields, '', ''].join('\r\n'));
}

describe('hostile heads', () => {
  it.each(REQUEST_CORPUS.map((sample) => [`${sample.source}: ${sample.name}`, sample] as const))('%s', (_, sample) => {
    expect(codeOf(() => parse(sample.text))).toBe(sample.expected);
  });
});

describe('a head that is as large as it may be', () => {
  const blanks = ' \t'.repeat(15_000);

  it.each([
    ['Connection', `Connection: a${blanks}b`],
    ['Connection before a comma', `Connection: a,${blanks}b${blanks.slice(0, 9)},c`],
    ['Upgrade', `Connection: upgrade\r\nUpgrade: a${blanks}b`],
    ['Upgrade of many', `Connection: upgrade\r\nUpgrade: ${'a, '.repeat(10_000)}b`],
    ['TE', `TE: trailers${blanks}x`],
    ['Transfer-Encoding', `Transfer-Encoding: a${blanks}b`],
    ['Expect', `Expect: 100-continue${blanks}x`],
    ['Content-Length', `Content-Length: 1${blanks}x`],
  ])('is judged in one pass over its bytes: %s', (_, field) => {
    // Each of them took most of a second where a run of blanks was read once per blank: 200 would run into the test's limit.
    for (let count = 0; count < 200; count++) codeOf(() => get(field));
  });
});

describe('a plain request', () => {
  it('is read into its parts', () => {
    const text = 'GET /a/b?c=d HTTP/1.1\r\nHost: A.Example:8080\r\nUser-Agent: x\r\nAccept: text/html\r\n\r\n';
    expect(head(`${text}body`)).toEqual({
      method: 'GET',
      target: '/a/b?c=d',
      minorVersion: 1,
      host: 'a.example',
      hostHeader: 'A.Example:8080',
      path: '/a/b',
      rawPath: '/a/b',
      framing: 'none',
      contentLength: 0,
      keepAlive: true,
      upgrade: '',
      expectContinue: false,
      trailers: false,
      claims: {
        xForwardedFor: '',
        xForwardedProto: '',
        xForwardedHost: '',
        xForwardedPort: '',
        xRealIp: '',
        any: false,
      },
      debug: false,
      accept: 'text/html',
      passed: 'User-Agent: x\r\nAccept: text/html\r\n',
      byteLength: text.length,
    });
  });

  it('is found behind other bytes of the buffer', () => {
    const bytes = Buffer.from('xxxGET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\nyyy', 'latin1');
    const parsed = parseRequestHead(bytes, 3, bytes.length, DEFAULT_LIMITS, new HeadProgress());
    expect(parsed).toMatchObject({ target: '/', host: 'a', passed: 'X: 1\r\n', byteLength: bytes.length - 6 });
  });

  it('counts a skipped empty line as part of the head', () => {
    const text = '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(head(text).byteLength).toBe(text.length);
  });

  it('keeps the bytes of values', () => {
    expect(get('X: \xe4\xff  b\t').passed).toBe('X: \xe4\xff  b\t\r\n');
  });
});

describe('the body', () => {
  it('is framed by Content-Length', () => {
    expect(get('Content-Length: 12')).toMatchObject({ framing: 'length', contentLength: 12, passed: '' });
  });

  it('is framed by chunks', () => {
    expect(get('Transfer-Encoding: chunked')).toMatchObject({ framing: 'chunked', contentLength: 0, passed: '' });
  });

  it('is awaited with 100-continue only where there is one', () => {
    expect(get('Content-Length: 1', 'Expect: 100-Continue')).toMatchObject({ expectContinue: true, passed: '' });
    expect(get('Content-Length: 0', 'Expect: 100-continue').expectContinue).toBe(false);
    expect(head('PUT / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n').expectContinue).toBe(
      false,
    );
  });
});

describe('the connection', () => {
  it.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'keep-alive, CLOSE', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Keep-Alive', true],
    ['HTTP/1.0', 'keep-alive, close', false],
  ])('of %s with "%s" is kept: %s', (version, connection, keepAlive) => {
    expect(head(`GET / ${version}\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`).keepAlive).toBe(keepAlive);
  });

  it('keeps its own fields to itself', () => {
    const parsed = get(
      'Keep-Alive: timeout=5',
      'A: 1',
      'Proxy-Connection: keep-alive',
      'TE: gzip',
      'Trailer: X',
      'B: 2',
      'Upgrade: foo',
      'Connection: x-secret, y',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      'Proxy: http://evil.example',
      'Proxy-Authorization: Basic eA==',
      'X-Secret: 1',
      'Y: 1',
      'C: 3',
    );
    expect(parsed).toMatchObject({ passed: 'A: 1\r\nB: 2\r\nC: 3\r\n', upgrade: '', trailers: false });
  });

  it.each(['Host', 'Authorization', 'Cookie', 'Content-Type', 'Origin', 'Sec-WebSocket-Key', 'If-Match', 'Via'])(
    'cannot be used to drop %s',
    (name) => {
      const parsed = get(
        `Connection: close, ${name}`,
        `Connection: ${name.toLowerCase()}`,
        ...(name === 'Host' ? [] : [`${name}: 1`]),
      );
      expect(parsed.passed).toBe(name === 'Host' ? '' : `${name}: 1\r\n`);
      expect(parsed.host).toBe('a.example');
    },
  );

  it('cannot be used to drop what is said about the client', () => {
    const parsed = get(
      'Connection: X-Forwarded-For, X-Real-IP, X-Forwarded-Host',
      'X-Forwarded-For: 192.0.2.1',
      'X-Real-IP: 192.0.2.2',
    );
    expect(parsed.claims).toMatchObject({ xForwardedFor: '192.0.2.1', xRealIp: '192.0.2.2' });
  });

  it('tells that trailers are welcome, and nothing else of TE', () => {
    expect(get('TE: gzip, Trailers', 'Connection: TE')).toMatchObject({ trailers: true, passed: '' });
    expect(get('TE: trailersx')).toMatchObject({ trailers: false, passed: '' });
  });
});

describe('an upgrade', () => {
  it.each([
    ['websocket', 'upgrade', 'websocket'],
    ['WebSocket', 'keep-alive, Upgrade', 'WebSocket'],
    ['websocket', 'keep-alive', ''],
    ['h2c', 'Upgrade, HTTP2-Settings', ''],
    ['H2C, websocket', 'upgrade', 'websocket'],
    ['h2c/1, foo/2', 'upgrade', 'foo/2'],
    ['h2', 'upgrade', ''],
  ])('to %s with Connection %s offers "%s"', (upgrade, connection, offered) => {
    expect(get(`Connection: ${connection}`, `Upgrade: ${upgrade}`)).toMatchObject({ upgrade: offered, passed: '' });
  });

  it('is ignored in HTTP/1.0', () => {
    expect(head('GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade).toBe('');
  });
});

describe('what a client says about itself', () => {
  it('is taken out in every form and reported', () => {
    const parsed = get(
      'X-Forwarded-For: 192.0.2.1',
      'x-forwarded-for: 192.0.2.2',
      'X-FORWARDED-PROTO: https',
      'X-Forwarded-Host: b.example',
      'X-Forwarded-Port: 443',
      'X-Forwarded-Prefix: /x',
      'X-Forwarded-Server: s',
      'X-Forwarded-Protocol: https',
      'X-Forwarded-Ssl: on',
      'X-Forwarded: for=1',
      'X-Real-IP: 192.0.2.3',
      'Forwarded: for=192.0.2.4',
      'X-Debug: 1',
      'X-Debug-Backend: x',
      'X-Debug-Time-Total: 1',
    );
    expect(parsed.passed).toBe('');
    expect(parsed.debug).toBe(true);
    expect(parsed.claims).toEqual({
      xForwardedFor: '192.0.2.1, 192.0.2.2',
      xForwardedProto: 'https',
      xForwardedHost: 'b.example',
      xForwardedPort: '443',
      xRealIp: '192.0.2.3',
      any: true,
    });
  });

  it.each(['Forwarded', 'X-Forwarded-Anything', 'X-Real-IP'])('counts %s alone as forwarded', (name) => {
    expect(get(`${name}: x`)).toMatchObject({ passed: '', claims: { any: true } });
  });

  it('lets Via pass and counts it', () => {
    expect(get('Via: 1.1 x')).toMatchObject({ passed: 'Via: 1.1 x\r\n', claims: { any: true } });
  });

  it('leaves names that only begin alike', () => {
    expect(get('X-Forward: 1', 'X-Debugger: 1', 'X-Real-IPs: 1', 'Hosts: 1', 'Proxys: 1')).toMatchObject({
      claims: { any: false },
      debug: false,
      passed: 'X-Forward: 1\r\nX-Debugger: 1\r\nX-Real-IPs: 1\r\nHosts: 1\r\nProxys: 1\r\n',
    });
  });
});

describe('a host', () => {
  it.each([
    ['A.Example', 'a.example'],
    ['a.example.', 'a.example'],
    ['a.example.:80', 'a.example'],
    ['127.0.0.1:65535', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8:0::1]:443', '[2001:db8::1]'],
    ['x', 'x'],
  ])('%s is matched as %s', (sent, host) => {
    expect(head(`GET / HTTP/1.1\r\nHost: ${sent}\r\n\r\n`)).toMatchObject({ host, hostHeader: sent });
  });
});

describe('a target', () => {
  it.each([
    ['/a/../b?x', '/a/../b?x', '/b', '/a/../b'],
    ['/a%2fb', '/a%2fb', '/a%2Fb', '/a%2fb'],
    ['//a//b', '//a//b', '/a/b', '//a//b'],
    ['http://a.example', '/', '/', '/'],
    ['http://a.example?q', '/?q', '/', '/'],
    ['https://a.example/b?q', '/b?q', '/b', '/b'],
  ])('%s goes on as %s and is matched as %s', (sent, target, path, rawPath) => {
    expect(head(`GET ${sent} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).toMatchObject({ target, path, rawPath });
  });

  it('of OPTIONS may be the server, which is matched like the root', () => {
    expect(head('OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({
      target: '*',
      path: '/',
      rawPath: '/',
    });
  });
});

describe('limits', () => {
  const request = (count: number) => `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(count)}\r\n`;

  it('refuses the 101st header line', () => {
    expect(codeOf(() => parse(request(99)))).toBe('accepted');
    expect(codeOf(() => parse(request(100)))).toBe('head-too-large');
  });

  it('refuses a head that is too large, complete or not', () => {
    const large = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(DEFAULT_LIMITS.headBytes)}`;
    expect(codeOf(() => parse(large))).toBe('head-too-large');
    expect(codeOf(() => parse(`${large}\r\n\r\n`))).toBe('head-too-large');
  });

  it('takes a head of exactly the limit, whatever follows', () => {
    const text = request(3);
    const limits = { ...DEFAULT_LIMITS, headBytes: text.length };
    expect(parse(`${text}${'b'.repeat(100)}`, limits)?.byteLength).toBe(text.length);
    expect(codeOf(() => parse(text, { ...limits, headBytes: text.length - 1 }))).toBe('head-too-large');
  });

  it('refuses a target that is too long, complete or not', () => {
    const long = `GET /${'x'.repeat(DEFAULT_LIMITS.targetBytes)}`;
    expect(codeOf(() => parse(long))).toBe('target-too-long');
    expect(codeOf(() => parse(`${long} HTTP/1.1\r\nHost: a\r\n\r\n`))).toBe('target-too-long');
  });
});

describe('a head in pieces', () => {
  function firstAnswer(text: string, limits: Limits = DEFAULT_LIMITS): string {
    const bytes = Buffer.from(text, 'latin1');
    const progress = new HeadProgress();
    for (let end = 1; end <= bytes.length; end++) {
      const code = codeOf(() => parseRequestHead(bytes, 0, end, limits, progress));
      if (code !== 'incomplete') return `${code} after ${end}`;
    }
    return 'incomplete';
  }

  it('is refused at the first byte that no head has', () => {
    expect(firstAnswer('\x16\x03\x01')).toBe('request-line-malformed after 1');
    expect(firstAnswer('GET / HTTP/1.1\nHost')).toBe('request-line-malformed after 15');
    expect(firstAnswer('GET / HTTP/1.1\r\nHost: a\n')).toBe('header-malformed after 24');
    expect(firstAnswer('\r\n\r\n')).toBe('request-line-malformed after 4');
  });

  it('is refused at the limit', () => {
    const limits = { ...DEFAULT_LIMITS, headBytes: 100 };
    expect(firstAnswer(`GET / HTTP/1.1\r\nX: ${'x'.repeat(200)}`, limits)).toBe('head-too-large after 100');
    expect(firstAnswer(`GET /${'x'.repeat(200)}`, limits)).toBe('target-too-long after 100');
  });

  it('can be followed by another one on the same connection', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const bytes = Buffer.from(text + text, 'latin1');
    const progress = new HeadProgress();
    expect(parseRequestHead(bytes, 0, 10, DEFAULT_LIMITS, progress)).toBeUndefined();
    expect(parseRequestHead(bytes, 0, text.length, DEFAULT_LIMITS, progress)?.byteLength).toBe(text.length);
    expect(parseRequestHead(bytes, text.length, text.length + 5, DEFAULT_LIMITS, progress)).toBeUndefined();
    expect(parseRequestHead(bytes, text.length, bytes.length, DEFAULT_LIMITS, progress)?.byteLength).toBe(text.length);
  });
});
