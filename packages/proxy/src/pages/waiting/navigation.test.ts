import { DEFAULT_LIMITS } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { HeadProgress, parseRequestHead, type RequestHead } from '../../http1/index.ts';
import { isNavigation, isWakeStream } from './navigation.ts';

const HTML = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';
const EVENTS = 'Accept: text/event-stream';

function head(line: string, ...fields: string[]): RequestHead {
  const bytes = Buffer.from([`${line} HTTP/1.1`, 'Host: a.test', ...fields, '', ''].join('\r\n'), 'latin1');
  const parsed = parseRequestHead(bytes, 0, bytes.length, DEFAULT_LIMITS, new HeadProgress());
  if (parsed === undefined) throw new Error('the head is not complete');
  return parsed;
}

describe("a browser's navigation", () => {
  it.each([
    ['a browser of today', ['GET /', HTML, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']],
    ['one over plain HTTP', ['GET /a?b=c', HTML]],
    ['a frame', ['GET /', HTML, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe']],
    ['a look at the head', ['HEAD /', HTML]],
    ['a text browser', ['GET /', 'Accept: text/html, text/*;q=0.5, image/*']],
  ] as const)('is that of %s', (_, [line, ...fields]) => {
    expect(isNavigation(head(line, ...fields))).toBe(true);
  });

  it.each([
    ['curl', ['GET /', 'Accept: */*']],
    ['a client that says nothing', ['GET /']],
    ['a client of an API', ['GET /', 'Accept: application/json, text/plain, */*']],
    ['fetch', ['GET /', HTML, 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty']],
    ['a picture', ['GET /', 'Accept: image/avif,image/webp,*/*;q=0.8', 'Sec-Fetch-Dest: image']],
    ['a style sheet', ['GET /', HTML, 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: style']],
    ['an embedded object', ['GET /', HTML, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: object']],
    ['XMLHttpRequest of a library', ['GET /', HTML, 'X-Requested-With: XMLHttpRequest']],
    ['htmx over plain HTTP', ['GET /', HTML, 'HX-Request: true']],
    ['a form', ['POST /', HTML, 'Content-Length: 3', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']],
    ['a GET with a body', ['GET /', HTML, 'Content-Length: 3']],
    ['a WebSocket', ['GET /', HTML, 'Connection: Upgrade', 'Upgrade: websocket']],
    ['a stream of events', ['GET /', EVENTS]],
  ] as const)('is not %s', (_, [line, ...fields]) => {
    expect(isNavigation(head(line, ...fields))).toBe(false);
  });
});

describe("the waiting page's stream", () => {
  it.each(['/?dproxy-wake', '/a?b=c&dproxy-wake', '/?dproxy-wake=1&b', '/?%zz&?&=&dproxy-wake', '/?b=?dproxy-wake'])(
    'is asked for with %s',
    (target) => {
      expect(isWakeStream(head(`GET ${target}`, EVENTS))).toBe(true);
    },
  );

  it.each(['/', '/dproxy-wake', '/?b=dproxy-wake', '/?dproxy-wakes', '/?xdproxy-wake', '/?b=%26dproxy-wake'])(
    'is not asked for with %s',
    (target) => {
      expect(isWakeStream(head(`GET ${target}`, EVENTS))).toBe(false);
    },
  );

  it.each([
    ['another method', 'POST /?dproxy-wake', EVENTS],
    ['another type', 'GET /?dproxy-wake', HTML],
    ['a longer type', 'GET /?dproxy-wake', 'Accept: text/event-streams'],
    ['any type', 'GET /?dproxy-wake', 'Accept: */*'],
  ])('is not asked for with %s', (_, line, accept) => {
    expect(isWakeStream(head(line, accept))).toBe(false);
  });

  it('is asked for among other types', () => {
    expect(isWakeStream(head('GET /?dproxy-wake', 'Accept: text/html, Text/Event-Stream;q=0.9'))).toBe(true);
  });
});
