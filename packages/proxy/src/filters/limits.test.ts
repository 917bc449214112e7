import type { CountedBy, Filter, SpentTokens } from '@dproxy/core';
import { eventually, Origin, respond } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { values } from './fixtures/ask.ts';

const BY_CLIENT: CountedBy = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 };
const BY_USER: CountedBy = { type: 'header', name: 'x-user' };
const HOUR_MS = 3_600_000;

function rateLimit(average: number, burst: number, by = BY_CLIENT): Filter {
  return { type: 'rateLimit', average, periodMs: HOUR_MS, burst, by };
}

type Edge = Awaited<ReturnType<typeof startEdge>>;

async function statuses(edge: Edge, count: number, headers = ''): Promise<string> {
  using client = await edge.connect();
  const seen: number[] = [];
  for (let request = 0; request < count; request++) {
    await client.write(getRequest('a.test', '/', headers));
    seen.push((await client.readResponse()).status);
  }
  return seen.join(' ');
}

describe('a rate limit', () => {
  it('answers 429 and when to come again', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [rateLimit(60, 2)] }] });
    using client = await edge.connect();
    for (const expected of [200, 200, 429]) {
      await client.write(getRequest());
      const response = await client.readResponse();
      expect(response.status).toBe(expected);
      if (expected === 429) expect(values(response, 'retry-after')).toEqual(['60']);
      if (expected === 429) expect(values(response, 'x-retry-in')).toEqual([expect.stringMatching(/^(60|59\.\d+)s$/)]);
    }
    expect(origin.requests).toHaveLength(2);
  });

  it('counts each header value alone, however long', async () => {
    await using origin = await Origin.start();
    const filters = [rateLimit(1, 1, BY_USER)];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
    expect(await statuses(edge, 2, 'X-User: ann\r\n')).toBe('200 429');
    expect(await statuses(edge, 2, 'X-User: bob\r\n')).toBe('200 429');
    expect(await statuses(edge, 2, `X-User: ${'x'.repeat(5_000)}a\r\n`)).toBe('200 429');
    expect(await statuses(edge, 2, `X-User: ${'x'.repeat(5_000)}b\r\n`)).toBe('200 429');
  });

  it('of 0 lets all pass', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [rateLimit(0, 1)] }] });
    expect(await statuses(edge, 3)).toBe('200 200 200');
  });

  it('goes on counting when the table changes, and anew when the limit does', async () => {
    await using origin = await Origin.start();
    const route = { host: 'a.test', to: origin, filters: [rateLimit(1, 1), rateLimit(1, 1)] };
    await using edge = await startEdge({ routes: [route] });
    expect(await statuses(edge, 2)).toBe('200 429');
    await edge.apply({ version: 2, routes: [{ ...route, fallThrough: false }] });
    expect(await statuses(edge, 1)).toBe('429');
    await edge.apply({ version: 3, routes: [{ ...route, filters: [rateLimit(1, 2)] }] });
    expect(await statuses(edge, 3)).toBe('200 200 429');
  });

  it('counts what other workers let through', async () => {
    await using origin = await Origin.start();
    const routes = [{ host: 'a.test', to: origin, filters: [rateLimit(1, 3)] }];
    const told: SpentTokens[] = [];
    await using one = await startEdge({ routes }, { onSpent: (spent) => void told.push(...spent) });
    await using two = await startEdge({ routes });
    expect(await statuses(one, 2)).toBe('200 200');
    await eventually(() => told.length > 0);
    expect(told.flatMap(({ times }) => times).reduce((sum, times) => sum + times, 0)).toBe(2);
    two.plane.spend(told);
    expect(await statuses(two, 2)).toBe('200 429');
  });

  it('believes nothing that others could not have spent', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [rateLimit(1, 1)] }] });
    const spent = { routeId: 'a.test/', place: 0, keys: ['127.0.0.1'], times: [-100] };
    edge.plane.spend([spent, { ...spent, routeId: 'b.test/' }, { ...spent, place: 7, times: [100] }]);
    expect(await statuses(edge, 2)).toBe('200 429');
  });
});

describe('requests in flight', () => {
  it('are limited, and those that end or go away make room', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using origin = await Origin.start(async (exchange) => {
      if (exchange.target !== '/quick') await gate;
      await exchange.respond({ body: 'done' });
    });
    const filters: Filter[] = [{ type: 'inFlight', amount: 2, by: BY_CLIENT }];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
    using one = await edge.connect();
    const two = await edge.connect();
    await one.write(getRequest());
    await two.write(getRequest());
    await eventually(() => origin.requests.length === 2);
    using three = await edge.connect();
    await three.write(getRequest('a.test', '/quick'));
    expect((await three.readResponse()).status).toBe(429);
    two.reset();
    await eventually(async () => {
      await three.write(getRequest('a.test', '/quick'));
      return (await three.readResponse()).status === 200;
    });
    release();
    expect((await one.readResponse()).status).toBe(200);
    await three.write(getRequest('a.test', '/quick'));
    expect((await three.readResponse()).status).toBe(200);
  });
});

describe('a circuit breaker', () => {
  const breaker: Filter = {
    type: 'circuitBreaker',
    expression: 'ResponseCodeRatio(500, 600, 0, 600) > 0.5',
    checkMs: 1,
    fallbackMs: 60_000,
    recoveryMs: 1,
    status: 503,
  };

  it('spares the backends when the expression holds, also over a change of the table', async () => {
    await using origin = await Origin.start(respond({ status: 500 }));
    const route = { host: 'a.test', to: origin, filters: [breaker] };
    await using edge = await startEdge({ routes: [route] });
    expect(await statuses(edge, 2)).toBe('500 503');
    await edge.apply({ version: 2, routes: [{ ...route, fallThrough: false }] });
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect([response.status, values(response, 'retry-after')]).toEqual([503, ['60']]);
    expect(origin.requests).toHaveLength(1);
  });

  it('counts backends that cannot be reached, and lets requests through again', async () => {
    const origin = await Origin.start();
    const { port } = origin;
    await origin.close();
    const filters = [
      { ...breaker, expression: 'NetworkErrorRatio() > 0.5', fallbackMs: 1, recoveryMs: 1, status: 429 },
    ];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: { port }, filters }] });
    expect(await statuses(edge, 1)).toBe('502');
    await eventually(async () => (await statuses(edge, 1)) === '502');
  });

  it('whose expression cannot be read takes its route out of service', async () => {
    await using origin = await Origin.start();
    const filters = [{ ...breaker, expression: 'Nothing() > 1' }];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
    expect(await statuses(edge, 1)).toBe('404');
  });
});
