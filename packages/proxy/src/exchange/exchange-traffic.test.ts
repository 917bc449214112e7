import { expect, it } from 'vitest';
import { eventually, get, hold, listenerOf, Origin, upgradeEcho } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

type Edge = Awaited<ReturnType<typeof startEdge>>;

const routeOf = ({ plane }: Edge, id: string) => plane.stats().routes.find((traffic) => traffic.id === id);
const backendOf = ({ plane }: Edge, { port }: { readonly port: number }) =>
  plane.stats().backends.find((traffic) => traffic.id.endsWith(`:${port}`));

it('counts a request with its route and its backend: status, bytes both ways', async () => {
  await using origin = await Origin.start({ name: 'hello' });
  await using edge = await startEdge({ routes: { 'a.test': origin } });
  using client = await edge.connect();
  await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc');
  await client.readResponse();
  const counted = { active: 0, requests: 1, statuses: [0, 1, 0, 0, 0], errors: 0, bytesIn: 3, bytesOut: 5 };
  expect(routeOf(edge, 'a.test/')).toMatchObject(counted);
  expect(backendOf(edge, origin)).toMatchObject(counted);
});

it('counts what is under way, a tunnel as long as it is open', async () => {
  const held = hold();
  await using origin = await Origin.start(held.behaviour);
  await using sockets = await Origin.start(upgradeEcho());
  await using edge = await startEdge({ routes: { 'a.test': origin, 'ws.test': sockets } });
  using client = await edge.connect();
  await client.write(getRequest());
  await eventually(() => routeOf(edge, 'a.test/')?.active === 1 && backendOf(edge, origin)?.active === 1);
  held.release((asked) => asked.respond());
  await client.readResponse();
  expect([routeOf(edge, 'a.test/')?.active, backendOf(edge, origin)?.active]).toEqual([0, 0]);

  const tunnel = await edge.connect();
  await tunnel.write(
    getRequest(
      'ws.test',
      '/',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
    ),
  );
  await eventually(() => routeOf(edge, 'ws.test/')?.active === 1);
  tunnel.close();
  await eventually(() => routeOf(edge, 'ws.test/')?.active === 0 && backendOf(edge, sockets)?.active === 0);
  expect(routeOf(edge, 'ws.test/')).toMatchObject({ requests: 1, statuses: [1, 0, 0, 0, 0] });
});

it('counts a failed attempt with the backend that failed, and the request once', async () => {
  await using dead = await Origin.start();
  await using alive = await Origin.start();
  await using edge = await startEdge({ routes: { 'a.test': [dead, alive], 'b.test': dead } });
  const gone = { port: dead.port };
  await dead.close();
  for (const _turn of [1, 2]) await get({ port: edge.port(), name: 'a.test' });
  expect(routeOf(edge, 'a.test/')).toMatchObject({ requests: 2, statuses: [0, 2, 0, 0, 0], errors: 0 });
  expect(backendOf(edge, gone)).toMatchObject({ requests: 1, errors: 1, statuses: [0, 0, 0, 0, 0], active: 0 });
  expect(backendOf(edge, alive)).toMatchObject({ requests: 2, errors: 0 });
  await get({ port: edge.port(), name: 'b.test' });
  expect(routeOf(edge, 'b.test/')).toMatchObject({ requests: 1, statuses: [0, 0, 0, 0, 1], errors: 1 });
});

it('forgets routes and backends that are gone', async () => {
  await using origin = await Origin.start();
  await using edge = await startEdge({ routes: { 'a.test': origin } });
  await get({ port: edge.port(), name: 'a.test' });
  await edge.apply({ routes: {}, listeners: [listenerOf()], version: 2 });
  expect(edge.plane.stats()).toMatchObject({ routes: [], backends: [] });
});
