import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { IssueError } from '../ports.ts';
import { Transport } from './transport.ts';

let close = async (): Promise<void> => {};

afterEach(() => close());

/** Gives the answers in turn, the last one for good; `cut` closes the connection. */
async function serve(
  ...answers: (RequestListener | 'cut')[]
): Promise<{ readonly url: string; readonly count: () => number }> {
  let count = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(count, answers.length - 1)];
    count += 1;
    if (answer === 'cut' || answer === undefined) request.socket.destroy();
    else answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, count: () => count };
}

function status(code: number, headers: Record<string, string> = {}, body = '{}'): RequestListener {
  return (_request, response) => response.writeHead(code, headers).end(body);
}

function send(url: string, signal: AbortSignal = new AbortController().signal) {
  const transport = new Transport({ directory: url, ca: undefined, pauseMs: 1 });
  return transport.send({ url, method: 'get', signal });
}

test('5xx and lost connections are asked again, three times in all', async () => {
  const mended = await serve(status(502), 'cut', status(200, {}, '{"a":1}'));
  expect(await send(mended.url)).toMatchObject({ status: 200, data: { a: 1 } });
  await close();
  const broken = await serve(status(500));
  expect(await send(broken.url)).toMatchObject({ status: 500 });
  expect(broken.count()).toBe(3);
});

test('a server that always cuts is unreachable, with a reason that holds no request', async () => {
  const { url } = await serve('cut');
  const failure: unknown = await send(url).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(IssueError);
  expect(failure).toMatchObject({ problem: 'unreachable', cause: { code: 'ECONNRESET' } });
  expect(Object.keys((failure as IssueError).cause as object)).toEqual(['code']);
});

test('a long Retry-After, and a limit without one, come back at once', async () => {
  const day = await serve(status(503, { 'retry-after': '86400' }));
  expect(await send(day.url)).toMatchObject({ status: 503 });
  expect(day.count()).toBe(1);
  await close();
  const limit = await serve(status(429));
  expect(await send(limit.url)).toMatchObject({ status: 429 });
  expect(limit.count()).toBe(1);
});

test('a redirect is not followed: the URL is part of what is signed', async () => {
  const { url, count } = await serve(status(302, { location: '/elsewhere' }));
  expect(await send(url)).toMatchObject({ status: 302 });
  expect(count()).toBe(1);
});

test('an answer without end is cut off', async () => {
  const { url } = await serve((_request, response) => {
    const fill = () => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', fill);
    fill();
  });
  expect(await send(url).catch((error: unknown) => error)).toMatchObject({ problem: 'unreachable' });
});

test('aborted, it ends with the reason', async () => {
  const abort = new AbortController();
  const { url } = await serve(() => abort.abort(new Error('dproxy stops')));
  await expect(send(url, abort.signal)).rejects.toThrow('dproxy stops');
});

test('an authority with TLS cannot lead to a server without', async () => {
  const { url, count } = await serve(status(200));
  const transport = new Transport({ directory: 'https://ca.test/dir', ca: undefined, pauseMs: 1 });
  const signal = new AbortController().signal;
  await expect(transport.send({ url, method: 'get', signal })).rejects.toThrow('away from https');
  expect(count()).toBe(0);
});
