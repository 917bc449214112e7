import { DEFAULT_BALANCE, DEFAULT_HTTPS, type Snapshot, type TlsPolicy } from '@dproxy/core';
import {
  breakOff,
  echo,
  eventually,
  hold,
  listenerOf,
  Origin,
  RawClient,
  snapshotOf,
  upgradeEcho,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { backend, held, PATIENT, reset, siteOf, startWaitingEdge } from '../fixtures/waiting-edge.ts';

const PROOF: TlsPolicy = {
  id: 'a.test',
  profile: 'intermediate',
  clientCertificates: 'require',
  clientCaPem: SITE_CERTIFICATE.certificatePem,
};

describe('requests for a route whose last backend has left', () => {
  it('wait for it to come back, and go on with the table of then', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    await edge.apply(siteOf([backend(origin, 'starting')]));
    expect(edge.plane.stats().held).toBe(1);
    await edge.apply(siteOf([backend(origin)], { headers: { requestSet: [['x-table', 'new']] } }));
    const answer = await client.readResponse();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.text)).toMatchObject({ headers: expect.arrayContaining([['x-table', 'new']]) as [] });
    expect(edge.plane.stats()).toMatchObject({ held: 0, errors: {} });
  });

  it('have to pass the filters of then, when these are others', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    const nobody = {
      type: 'allowClients',
      ranges: ['192.0.2.1'],
      by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 },
      status: 403,
    } as const;
    await edge.apply(siteOf([backend(origin)], { filters: [nobody] }));
    expect((await client.readResponse()).status).toBe(403);
    expect(origin.requests).toEqual([]);
  });

  it.each([
    ['its route is sent to HTTPS now', 308, { https: { ...DEFAULT_HTTPS, redirect: 308 } }, new Map()],
    ['its host requires a client certificate now', 421, {}, new Map([[PROOF.id, PROOF]])],
  ] as const)('have to come as clients of then: %s', async (_what, status, route, tlsPolicies) => {
    await using origin = await Origin.start();
    const spec = (state: 'ready' | 'stopped', version: number, more = {}): Snapshot =>
      snapshotOf({
        ...siteOf([backend(origin, state)], { https: { ...DEFAULT_HTTPS, redirect: 0 }, ...more }),
        listeners: [listenerOf(), listenerOf({ protocol: 'https' })],
        certificates: [SITE_CERTIFICATE],
        version,
      });
    await using edge = await startEdge(spec('ready', 1));
    const material = new Map([[SITE_CERTIFICATE.id, SITE_CERTIFICATE]]);
    await edge.apply(spec('stopped', 2), material);
    using client = await RawClient.connect({
      port: edge.port(status === 308 ? 'http' : 'https'),
      ...(status === 308 ? {} : { tls: { rejectUnauthorized: false, servername: 'a.test' } }),
    });
    await client.write(getRequest());
    await eventually(() => edge.plane.stats().held === 1);
    await edge.apply({ ...spec('ready', 3, route), tlsPolicies }, material);
    expect((await client.readResponse()).status).toBe(status);
    expect(origin.requests).toEqual([]);
  });

  it('are admitted in the order in which they came', async () => {
    const waiting = hold();
    await using origin = await Origin.start(waiting.behaviour);
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    const clients = [];
    for (const path of ['/1', '/2', '/3', '/4']) clients.push(await held(edge, getRequest('a.test', path)));
    await edge.apply(siteOf([backend(origin)]));
    await eventually(() => origin.requests.length === 4);
    expect(origin.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3', '/4']);
    waiting.release((exchange) => exchange.respond({ body: exchange.target }));
    for (const [index, client] of clients.entries()) {
      expect((await client.readResponse()).body.text).toBe(`/${index + 1}`);
      client[Symbol.dispose]();
    }
  });

  it('wait when it drains and refuses', async () => {
    await using origin = await Origin.start();
    const { port, name } = origin;
    await using edge = await startWaitingEdge(siteOf([backend({ port, name })]));
    await origin[Symbol.asyncDispose]();
    await edge.apply(siteOf([backend({ port, name }, 'draining')]));
    using client = await held(edge);
    await edge.apply(siteOf([backend({ port, name }, 'stopped')]));
    expect(edge.plane.stats().held).toBe(1);
    await using next = await Origin.start({ name: 'origin' });
    await edge.apply(siteOf([backend(next)]));
    expect((await client.readResponse()).body.text).toBe('origin');
  });

  it('wait when it drains and ends their connection without an answer, if they may be repeated', async () => {
    await using leaving = await Origin.start({ name: 'x', behaviour: breakOff('end') });
    await using next = await Origin.start({ name: 'x' });
    await using edge = await startWaitingEdge(siteOf([backend(leaving)]));
    await edge.apply(siteOf([backend(leaving, 'draining')]));
    using post = await edge.connect();
    await post.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n');
    expect((await post.readResponse()).status).toBe(502);
    using client = await held(edge);
    await edge.apply(siteOf([backend(next)]));
    expect((await client.readResponse()).status).toBe(200);
    expect(leaving.requests).toHaveLength(2);
  });

  it('wait when both replicas end their connections, if they ask for no change', async () => {
    const behaviour = breakOff('end');
    await using one = await Origin.start({ name: 'x', behaviour });
    await using two = await Origin.start({ name: 'y', behaviour });
    await using next = await Origin.start({ name: 'x' });
    await using edge = await startWaitingEdge(siteOf([backend(one), backend(two)]));
    await edge.apply(siteOf([backend(one, 'draining'), backend(two, 'draining')]));
    using put = await edge.connect();
    await put.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n');
    expect((await put.readResponse()).status).toBe(502);
    using client = await held(edge);
    await edge.apply(siteOf([backend(next)]));
    expect((await client.readResponse()).status).toBe(200);
    expect([one.requests.length, two.requests.length]).toEqual([2, 2]);
  });

  it('are not sent a third time to what may die of them', async () => {
    await using leaving = await Origin.start({ name: 'x', behaviour: breakOff('end') });
    await using edge = await startWaitingEdge(siteOf([backend(leaving)]));
    await edge.apply(siteOf([backend(leaving, 'draining')]));
    using client = await held(edge);
    await edge.apply(siteOf([backend(leaving), backend(leaving, 'ready', { id: 'file:y' })]));
    expect((await client.readResponse()).status).toBe(502);
    expect(leaving.requests).toHaveLength(2);
  });

  it('with a body that nobody has seen wait like all others, and nothing of it is read', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: String(body.length) });
    });
    const limits = { ...PATIENT, bodyGraceMs: 1, bufferBytes: 65_536 };
    await using edge = await startWaitingEdge({ ...siteOf([backend(origin)]), limits });
    await edge.apply({ ...siteOf([backend(origin, 'stopped')]), limits });
    const length = 64 * 1024 * 1024;
    using client = await held(edge, `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`);
    const sent = client.write(Buffer.alloc(length));
    await eventually(() => client.socket.writableLength > 0 && edge.plane.stats().bytesIn > 0);
    // What the kernel takes of a connection that nobody reads, and what one reading brings: far from all of it.
    await edge.apply({ ...siteOf([backend(origin, 'starting')]), limits });
    expect(edge.plane.stats().bytesIn).toBeLessThan(1024 * 1024);
    await edge.apply({ ...siteOf([backend(origin)]), limits: { ...PATIENT } });
    expect((await client.readResponse()).body.text).toBe(String(length));
    await sent;
  });

  it('wait as WebSockets', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    using client = await held(
      edge,
      getRequest('a.test', '/', `${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`),
    );
    await edge.apply(siteOf([backend(origin)]));
    expect((await client.readResponse()).status).toBe(101);
    await client.write('hello');
    await eventually(() => client.unread.toString() === 'hello');
  });

  it('leave when their clients do', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    const client = await held(edge);
    reset(client);
    await eventually(() => edge.plane.stats().held === 0);
    await edge.apply(siteOf([backend(origin)]));
    expect(origin.requests).toHaveLength(0);
    expect(edge.plane.stats().errors).toEqual({ 'client-gone': 1 });
  });

  it('give up their places to others when their clients have ended their side, and wait on while there is room', async () => {
    await using origin = await Origin.start();
    const spec = (state: 'ready' | 'stopped') => ({
      ...siteOf([backend(origin, state)]),
      limits: { ...PATIENT, heldRequestsPerClient: 2 },
    });
    await using edge = await startWaitingEdge(spec('ready'));
    await edge.apply(spec('stopped'));
    using gone = await held(edge);
    using patient = await held(edge);
    gone.halfClose();
    patient.halfClose();
    using late = await eventually(async () => {
      const client = await edge.connect();
      await client.write(getRequest('a.test', '/late'));
      await eventually(() => gone.unread.length + client.unread.length > 0);
      if (client.unread.length === 0) return client;
      client.close();
      return undefined;
    });
    expect((await gone.readResponse()).status).toBe(503);
    expect(edge.plane.stats().held).toBe(2);
    await edge.apply(spec('ready'));
    expect([(await patient.readResponse()).status, (await late.readResponse()).status]).toEqual([200, 200]);
  });

  it('go on waiting in a worker that drains', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    const drained = edge.plane.drain(30_000);
    await edge.apply(siteOf([backend(origin)]));
    expect(await client.readResponse()).toMatchObject({ status: 200 });
    expect(await drained).toEqual({ finished: 1, cut: 0 });
  });
});

it('whoever still waits at the deadline of a drain is told so', async () => {
  const x = { port: 9, name: 'x' };
  await using edge = await startWaitingEdge(siteOf([backend(x)]));
  await edge.apply(siteOf([backend(x, 'stopped')]));
  using client = await held(edge);
  const drained = edge.plane.drain(400);
  expect((await client.readResponse()).status).toBe(503);
  expect(await client.ended).toBe('end');
  expect((await drained).cut).toBe(0);
});

describe('nobody waits', () => {
  async function statusAfter(
    first: Parameters<typeof siteOf>[0],
    then: Parameters<typeof siteOf>[0],
    limits = PATIENT,
  ) {
    await using edge = await startWaitingEdge({ ...siteOf(first), limits });
    await edge.apply({ ...siteOf(then), limits });
    using client = await edge.connect();
    await client.write(getRequest());
    const { status, headers } = await client.readResponse();
    return { status, retryAfter: headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] };
  }
  const a = { port: 9, name: 'a' };
  const b = { port: 9, name: 'b' };
  const OFFLINE = { status: 503, retryAfter: '5' };

  it.each(['unhealthy', 'paused', 'unreachable'] as const)('for one that is %s', async (state) => {
    expect(await statusAfter([backend(a)], [backend(a, state)])).toEqual(OFFLINE);
  });

  it('for one that was not ready for long', async () => {
    const limits = { ...PATIENT, holdOverReadyMs: 3_600_000 };
    await using edge = await startWaitingEdge({ ...siteOf([backend(a, 'starting')]), limits });
    await edge.apply({ ...siteOf([backend(a)]), limits });
    await edge.apply({ ...siteOf([backend(a, 'stopped')]), limits });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(503);
  });

  it('for one that has never been ready', async () => {
    expect(await statusAfter([backend(a, 'stopped')], [backend(a, 'starting')])).toEqual(OFFLINE);
  });

  it('for one that was removed while another one lies there stopped', async () => {
    expect(await statusAfter([backend(a), backend(b, 'stopped')], [backend(b, 'stopped')])).toEqual(OFFLINE);
  });

  it('once the time is over, whenever a request comes', async () => {
    const limits = { ...PATIENT, holdOverMs: 1 };
    await using edge = await startWaitingEdge({ ...siteOf([backend(a)]), limits });
    await edge.apply({ ...siteOf([backend(a, 'stopped')]), limits });
    for (const state of ['starting', 'stopped', 'starting'] as const) {
      using client = await edge.connect();
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(503);
      await edge.apply({ ...siteOf([backend(a, state)]), limits });
    }
    await eventually(() => edge.plane.stats().held === 0);
  });
});

describe('the waiting ends', () => {
  it('at one moment for all, with 503', async () => {
    await using origin = await Origin.start();
    const limits = { ...PATIENT, holdOverMs: 400 };
    await using edge = await startWaitingEdge({ ...siteOf([backend(origin)]), limits });
    await edge.apply({ ...siteOf([backend(origin, 'stopped')]), limits });
    using one = await edge.connect();
    using two = await edge.connect();
    await one.write(getRequest());
    await two.write(getRequest());
    expect((await one.readResponse()).status).toBe(503);
    expect((await two.readResponse()).status).toBe(503);
    expect(edge.plane.stats()).toMatchObject({ held: 0, errors: { 'no-backend-ready': 2 } });
  });

  it('at once when the route leaves the table', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    await edge.apply({ routes: [], limits: PATIENT });
    expect((await client.readResponse()).status).toBe(503);
  });

  it('at once when the container is removed and has no successor', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    await edge.apply(siteOf([]));
    expect((await client.readResponse()).status).toBe(503);
  });

  it('at once when it turns out to be unhealthy', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(siteOf([backend(origin)]));
    await edge.apply(siteOf([backend(origin, 'stopped')]));
    using client = await held(edge);
    await edge.apply(siteOf([backend(origin, 'unhealthy')]));
    expect((await client.readResponse()).status).toBe(503);
  });

  it('with the successor of a container that was removed', async () => {
    await using next = await Origin.start({ name: 'next' });
    const old = { port: 9, name: 'old' };
    await using edge = await startWaitingEdge(siteOf([backend(old)]));
    await edge.apply(siteOf([backend(old, 'stopped'), backend(next, 'stopped')]));
    using client = await held(edge);
    await edge.apply(siteOf([backend(next, 'stopped')]));
    using late = await held(edge);
    await edge.apply(siteOf([backend(next, 'starting')]));
    expect(edge.plane.stats().held).toBe(2);
    await edge.apply(siteOf([backend(next)]));
    expect((await client.readResponse()).body.text).toBe('next');
    expect((await late.readResponse()).body.text).toBe('next');
  });
});

it('a sticky client waits like everybody else', async () => {
  await using origin = await Origin.start();
  const sticky = { name: 's', path: '', domain: '', secure: false, httpOnly: false, sameSite: '' as const, maxAgeS: 0 };
  const balance = { ...DEFAULT_BALANCE, sticky };
  await using edge = await startWaitingEdge(siteOf([backend(origin)], { balance }));
  await edge.apply(siteOf([backend(origin, 'stopped')], { balance }));
  using client = await held(edge);
  await edge.apply(siteOf([backend(origin)], { balance }));
  expect((await client.readResponse()).status).toBe(200);
});
