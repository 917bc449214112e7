import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '@dproxy/testkit';
import { startFakeApi, type FakeApiAnswer } from '@dproxy/testkit/dns';
import { callApi, type ApiAnswer, type ApiCall } from './call-api.ts';

const never = new AbortController().signal;

function call(url: string, more: Partial<ApiCall> = {}): Promise<ApiAnswer> {
  return callApi(() => ({ method: 'GET', url, headers: { authorization: 'Bearer topsecret' } }), {
    title: 'Provider',
    subject: 'zone example.test',
    secrets: ['topsecret'],
    timeoutMs: 5_000,
    signal: never,
    nowMs: Date.now,
    messageOf: (body) => body,
    adviceFor: () => 'do something',
    ...more,
  });
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

it('waits as long as a 429 asks for and tries again', async () => {
  const answers: FakeApiAnswer[] = [
    { status: 429, body: 'slow down', headers: { 'retry-after': '1' } },
    { status: 200, body: 'fine' },
  ];
  await using api = await startFakeApi(() => answers.shift() ?? { status: 500, body: '' });
  expect(await call(api.url)).toEqual({ status: 200, body: 'fine' });
});

it('tries again when a front has lost its back for a moment', async () => {
  const answers: FakeApiAnswer[] = [
    { status: 502, body: '<html>Bad Gateway</html>' },
    { status: 200, body: 'fine' },
  ];
  await using api = await startFakeApi(() => answers.shift() ?? { status: 500, body: '' });
  expect(await call(api.url)).toEqual({ status: 200, body: 'fine' });
});

it('hands a long wait on instead of waiting', async () => {
  await using api = await startFakeApi(() => ({ status: 429, body: 'later', headers: { 'retry-after': '3600' } }));
  expect(await failureOf(call(api.url))).toMatchObject({ problem: 'rate-limited', retryAfterMs: 3_600_000 });
  expect(api.requests).toHaveLength(1);
});

it('understands a date in Retry-After', async () => {
  const nowMs = () => Date.UTC(2026, 0, 1);
  const date = new Date(nowMs() + 7_200_000).toUTCString();
  await using api = await startFakeApi(() => ({ status: 503, body: '', headers: { 'retry-after': date } }));
  expect(await failureOf(call(api.url, { nowMs }))).toMatchObject({ problem: 'unreachable', retryAfterMs: 7_200_000 });
});

it('tells status, subject and message in one line without the secret', async () => {
  await using api = await startFakeApi(() => ({ status: 400, body: `bad\n\u001B[31mtopsecret ${'x'.repeat(5_000)}` }));
  const error = await failureOf(call(api.url));
  expect(error).toMatchObject({ problem: 'misconfigured', advice: 'do something' });
  expect(String(error)).toMatch(
    /^IssueError: Provider answered 400 for zone example\.test: bad \[31m\[secret\] x+\.\.\.$/,
  );
  expect(String(error).length).toBeLessThan(600);
});

it('reads no more than a megabyte', async () => {
  await using api = await startFakeApi(() => ({ status: 200, body: 'x'.repeat(2_000_000) }));
  expect(String(await failureOf(call(api.url)))).toContain('more than 1048576 bytes');
});

it('gives up on a server that accepts and says nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const error = await failureOf(call(`http://127.0.0.1:${port}/`, { timeoutMs: 300 }));
  server.close();
  expect(error).toMatchObject({
    problem: 'unreachable',
    message: 'Provider did not answer within 300 ms (zone example.test)',
  });
});

it('says that nobody listens', async () => {
  const port = await freePort();
  expect(await failureOf(call(`http://127.0.0.1:${port}/`))).toMatchObject({
    problem: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED') as string,
    advice: expect.stringContaining(`127.0.0.1:${port}`) as string,
  });
});

it('ends with the reason of its signal', async () => {
  await using api = await startFakeApi(() => ({ status: 429, body: '', headers: { 'retry-after': '15' } }));
  const abort = new AbortController();
  const failed = failureOf(call(api.url, { signal: abort.signal }));
  abort.abort(new Error('enough'));
  expect(String(await failed)).toContain('enough');
});
