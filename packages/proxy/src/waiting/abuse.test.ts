import { eventually, RawClient, type SnapshotSpec } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest } from '../fixtures/edge.ts';
import { startHttp2Edge } from '../fixtures/http2-edge.ts';
import { backend, GROUP, held, PATIENT, reset, startWaitingEdge, type WaitingEdge } from '../fixtures/waiting-edge.ts';

const NOBODY = backend({ port: 9, name: 'x' }, 'stopped');

function asleep(host: string): SnapshotSpec {
  return {
    routes: [{ host, to: [NOBODY], wakeGroup: GROUP.id }],
    wakeGroups: [{ ...GROUP, browsers: 'page' }],
    limits: PATIENT,
  };
}

it('holds no more streams of one connection of HTTP/2 than of any client, and none of a client that is gone (CVE-2023-44487)', async () => {
  const wakes: string[] = [];
  await using edge = await startHttp2Edge(NOBODY, {
    route: { wakeGroup: GROUP.id },
    wakeGroups: [GROUP],
    plane: { onWake: (group) => wakes.push(group) },
  });
  for (let round = 0; round < 3; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const client = await edge.http2();
    const asked = Array.from({ length: 60 }, () => client.request());
    const outcomes = Promise.allSettled(asked);
    // oxlint-disable-next-line no-await-in-loop -- see above
    await eventually(() => edge.plane.stats().errors['too-many-waiting'] === 44 * (round + 1));
    expect(edge.plane.stats().held).toBe(16);
    client[Symbol.dispose]();
    // oxlint-disable-next-line no-await-in-loop -- see above
    await outcomes;
    // oxlint-disable-next-line no-await-in-loop -- see above
    await eventually(() => edge.plane.stats().held === 0);
  }
  expect(wakes.length).toBeGreaterThan(0);
  expect(wakes.length).toBeLessThan(10);
});

it('wakes one group once for 500 made-up names of a wildcard, and nothing for names that nobody has', async () => {
  await using edge = await startWaitingEdge(asleep('*.a.test'));
  using client = await edge.connect();
  const statuses = new Map<number, number>();
  for (let at = 0; at < 500; at++) {
    const host = at % 2 === 0 ? `x${at}.a.test` : `x${at}.b.test`;
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await client.write(getRequest(host, '/', 'Accept: text/html\r\n'));
    // oxlint-disable-next-line no-await-in-loop -- see above
    const { status } = await client.readResponse();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(Object.fromEntries(statuses)).toEqual({ 202: 250, 404: 250 });
  expect(new Set(edge.wakes.map(([group]) => group))).toEqual(new Set([GROUP.id]));
  expect(edge.plane.stats().held).toBe(0);
});

it.each([
  '//evil.test/%0d%0aSet-Cookie:x=1?"><script>alert(1)</script>',
  '/?dproxy-wake=</script><script>alert(1)</script>',
  "/?x='-alert(1)-'&dproxy-wake",
])('repeats nothing of a target in the waiting page, which nobody keeps: %s', async (target) => {
  await using edge = await startWaitingEdge(asleep('a.test'));
  using client = await edge.connect();
  await client.write(getRequest('a.test', target.replaceAll(' ', ''), 'Accept: text/html\r\n'));
  const { status, headers, body } = await client.readResponse();
  const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  expect([status, fields.get('cache-control'), fields.has('location'), fields.has('set-cookie')]).toEqual([
    202,
    'no-store',
    false,
    false,
  ]);
  expect(body.text).not.toContain('alert(1)');
  expect(body.text).not.toContain('evil.test');
});

describe('bounds', () => {
  async function fill(edge: WaitingEdge, count: number, host = 'a.test'): Promise<RawClient[]> {
    const clients = [];
    for (let index = 0; index < count; index++) clients.push(await held(edge, getRequest(host)));
    return clients;
  }

  async function refused(edge: WaitingEdge, host = 'a.test', localAddress = '127.0.0.1') {
    using client = await RawClient.connect({ port: edge.port(), localAddress });
    await client.write(getRequest(host));
    const { status, headers } = await client.readResponse();
    return { status, retryAfter: headers.some(([name]) => name.toLowerCase() === 'retry-after') };
  }

  it.each([
    ['heldRequests', 'b.test', '127.0.0.2'],
    ['heldRequestsPerRoute', 'a.test', '127.0.0.2'],
    ['heldRequestsPerClient', 'b.test', '127.0.0.1'],
  ])('%s: one more is 503 at once', async (name, host, localAddress) => {
    const limits = { ...PATIENT, [name]: 2 };
    const x = { port: 9, name: 'x' };
    const spec = (state: 'ready' | 'stopped') => ({
      routes: ['a.test', 'b.test'].map((each) => ({ host: each, to: [backend(x, state)] })),
      limits,
    });
    await using edge = await startWaitingEdge(spec('ready'));
    await edge.apply(spec('stopped'));
    const clients = await fill(edge, 2);
    expect(await refused(edge, host, localAddress)).toEqual({ status: 503, retryAfter: true });
    expect(edge.plane.stats().errors).toEqual({ 'too-many-waiting': 1 });
    for (const client of clients) reset(client);
    await eventually(() => edge.plane.stats().held === 0);
    for (const client of await fill(edge, 2)) reset(client);
  });
});
