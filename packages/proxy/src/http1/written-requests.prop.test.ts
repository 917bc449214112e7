import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { DEFAULT_LIMITS, ProxyError } from '@dproxy/core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestText } from './corpus/arbitraries.ts';
import { HeadProgress } from './head-progress.ts';
import type { RequestHead } from './message.ts';
import { parseRequestHead } from './request-parser.ts';
import { writeRequestHead } from './request-writer.ts';

/** What another implementation of HTTP made of one request. */
interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly body: string;
}

let server: Server;
/** In the order in which they began; complete when all are answered. */
let received: Received[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const one = { method: request.method, url: request.url, host: request.headers.host, body: '' };
    received.push(one);
    request.setEncoding('latin1');
    request.on('data', (piece: string) => {
      one.body += piece;
    });
    request.on('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

function parse(text: string): RequestHead | undefined {
  const bytes = Buffer.from(text, 'latin1');
  try {
    return parseRequestHead(bytes, 0, bytes.length, DEFAULT_LIMITS, new HeadProgress());
  } catch (error) {
    if (error instanceof ProxyError) return undefined;
    throw error;
  }
}

const MAX_CONTENT = 45;

/** A body that looks like a request: where two readers disagree about its length, one of them sees it as such. */
function bodyFor(head: RequestHead): { wire: string; content: string } {
  const content = 'GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n'.slice(0, head.contentLength);
  if (head.framing !== 'chunked') return { wire: content, content };
  return { wire: '7\r\nGET /x \r\n0\r\n\r\n', content: 'GET /x ' };
}

/** Sends everything on one connection at once; resolves when the server has answered the last one and closed. */
async function exchange(wire: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let answers = '';
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    answers += piece;
  });
  socket.write(wire, 'latin1');
  await once(socket, 'close');
  return answers;
}

const LAST = 'GET /last HTTP/1.1\r\nHost: last.example\r\nConnection: close\r\n\r\n';

it('what is written reads as exactly those requests for node:http', async () => {
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(requestText, { minLength: 1, maxLength: 10 }), async (texts) => {
      // What follows an Upgrade is no request until the server has said whether it switches; the engine sends nothing there.
      const heads = texts.map(parse).filter((head) => head?.upgrade === '' && head.contentLength <= MAX_CONTENT);
      received = [];
      let wire = '';
      const expected: Received[] = [];
      for (const head of heads) {
        if (head === undefined) continue;
        const { wire: bodyWire, content } = bodyFor(head);
        wire += writeRequestHead(head, { forwardedBlock: '', debugBlock: '', rules: undefined }) + bodyWire;
        expected.push({ method: head.method, url: head.target, host: head.hostHeader, body: content });
        sent++;
      }
      const answers = await exchange(wire + LAST);
      expect(answers).not.toContain('400 Bad Request');
      expect(received).toEqual([...expected, { method: 'GET', url: '/last', host: 'last.example', body: '' }]);
    }),
    { numRuns: 60 },
  );
  expect(sent).toBeGreaterThan(50);
});
