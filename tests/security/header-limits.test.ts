import { DEFAULT_LIMITS } from '@dproxy/core';
import { echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, seenBy, SMUGGLED, startEdge } from './edge.ts';

const { headerCount, headBytes, targetBytes } = DEFAULT_LIMITS;
const START = 'GET / HTTP/1.1\r\nHost: a.example\r\n';

const TOO_MUCH = [
  ['one header line too many', `${START}${'X: y\r\n'.repeat(headerCount)}\r\n`, 431],
  ['ten thousand header lines', `${START}${'X:\r\n'.repeat(10_000)}\r\n`, 431],
  ['a header line of 64 KiB', `${START}X: ${'y'.repeat(65_536)}\r\n\r\n`, 431],
  ['a header name of 64 KiB', `${START}${'X'.repeat(65_536)}: y\r\n\r\n`, 431],
  ['a head without an end', `${START}X: ${'y'.repeat(headBytes)}`, 431],
  ['a head that is one byte too long', `${START}X: ${'y'.repeat(headBytes - START.length - 6)}\r\n\r\n`, 431],
  ['a target that is one byte too long', `GET /${'x'.repeat(targetBytes)} HTTP/1.1\r\nHost: a.example\r\n\r\n`, 414],
  ['a target without an end', `GET /${'x'.repeat(100_000)}`, 414],
  ['a method without an end', 'G'.repeat(100_000), 400],
  ['empty lines without an end', '\r\n'.repeat(50_000), 400],
] as const;

describe.each(PATHS)('row 33 on the %s path: the size of a head', (path) => {
  it.each(TOO_MUCH)('has an end: %s', async (_name, head, status) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    void client.write(head + SMUGGLED);
    const response = await client.readResponse();
    expect([response.status, response.header('connection')]).toEqual([status, 'close']);
    await client.ended;
    expect(seenBy(origin)).toBe('');
  });

  it('may be all that is allowed, and arrives whole', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const lines = Array.from({ length: headerCount - 1 }, (_, index) => `X-${index}: y\r\n`).join('');
    const seen = JSON.parse((await edge.send(`${START}${lines}\r\n`)).body.text) as Echo;
    expect(seen.headers.filter(([name]) => /^X-\d+$/.test(name))).toHaveLength(headerCount - 1);
    const long = 'y'.repeat(headBytes - START.length - 7);
    const whole = JSON.parse((await edge.send(`${START}X: ${long}\r\n\r\n`)).body.text) as Echo;
    expect(whole.headers.find(([name]) => name === 'X')?.[1]).toBe(long);
  });

  it('is the same when it comes in a thousand pieces', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    for (let count = 0; count < 1_000 && !client.isEnded; count++)
      await client.write(count === 0 ? START : `X: ${'y'.repeat(40)}\r\n`);
    expect((await client.readResponse()).status).toBe(431);
    await client.ended;
  });
});
