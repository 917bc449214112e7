import { ERRORS, type ErrorCode } from '@dproxy/core';
import { echo, eventually, Origin, type RawClient } from '@dproxy/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_CORPUS } from '../../packages/proxy/src/http1/corpus/request-corpus.ts';
import { type Edge, PATHS, seenBy, SMUGGLED, startEdge, targetsOf } from './edge.ts';
import { MORE_HEADS } from './more-heads.ts';

interface Hostile {
  readonly name: string;
  readonly text: string;
  readonly code: ErrorCode;
}

const HOSTILE: readonly Hostile[] = [...REQUEST_CORPUS, ...MORE_HEADS].flatMap(({ source, name, text, expected }) =>
  expected === 'accepted' ? [] : [{ name: `${source}: ${name}`, text, code: expected }],
);

/** Names that the corpus uses; every one of them is routed, so that nothing is refused for want of a route. */
const HOSTS = ['a', 'a.example', 'b.example'];
const GOOD = 'GET /good HTTP/1.1\r\nHost: a.example\r\n\r\n';

async function expectRefusal(client: RawClient, code: ErrorCode): Promise<void> {
  const response = await client.readResponse();
  expect([response.status, response.header('connection')]).toEqual([ERRORS[code].status, 'close']);
  expect(await client.ended).toBe('end');
  expect(client.unread.toString('latin1')).toBe('');
}

describe.each(PATHS)(
  'rows 1-4, 8-13, 15, 24, 25, 34 on the %s path: a head that two servers could read in two ways',
  (path) => {
    let origin: Origin;
    let edge: Edge;

    beforeAll(async () => {
      origin = await Origin.start(echo());
      edge = await startEdge({ path, routes: HOSTS.map((host) => ({ host, to: origin })) });
    });
    afterAll(async () => {
      await edge.plane.close();
      await origin.close();
    });

    it.each(HOSTILE)('is refused, and nothing of it or behind it goes on: $name', async ({ text, code }) => {
      const before = seenBy(origin);
      using client = await edge.connect();
      await client.write(`${text}0\r\n\r\n${SMUGGLED}`);
      await expectRefusal(client, code);
      expect(seenBy(origin)).toBe(before);
    });

    it.each(HOSTILE)('ends a pipeline behind the good request before it: $name', async ({ text, code }) => {
      const before = targetsOf(origin).length;
      using client = await edge.connect();
      await client.write(`${GOOD}${text}0\r\n\r\n${SMUGGLED}`);
      expect((await client.readResponse()).status).toBe(200);
      await expectRefusal(client, code);
      expect(targetsOf(origin).slice(before)).toEqual(['/good']);
    });
  },
);

describe('rows 1-4, 8-13, 15, 24, 25, 34: a hostile head that comes in pieces', () => {
  it.each(HOSTILE)('is judged like one that comes whole: $name', async ({ text, code }) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: HOSTS.map((host) => ({ host, to: origin })) });
    using client = await edge.connect();
    // Cut where a reader that looks at line ends only is most easily misled: in the last CRLF of the head.
    const whole = `${text}0\r\n\r\n${SMUGGLED}`;
    const cut = Math.max(1, text.lastIndexOf('\r\n') + 1);
    await client.write(whole.slice(0, cut));
    await eventually(() => edge.plane.stats().bytesIn >= cut, { everyMs: 1 });
    await client.write(whole.slice(cut));
    await expectRefusal(client, code);
    expect(seenBy(origin)).toBe('');
  });
});
