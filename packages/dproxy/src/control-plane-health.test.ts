import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LocalAuthority } from '@dproxy/certs';
import { parseFile } from '@dproxy/config';
import { silentLog, type Backend, type Snapshot } from '@dproxy/core';
import { eventually, freePort, tempFolder } from '@dproxy/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { ControlPlane } from './control-plane.ts';
import { FRAME } from './_frame.ts';

async function startApp() {
  const app = { status: 200, port: 0 };
  const server = createServer((_request, response) => {
    response.statusCode = app.status;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  app.port = (server.address() as AddressInfo).port;
  return app;
}

async function startPlane(port: number, previous?: Snapshot) {
  const folder = await tempFolder();
  onTestFinished(() => folder.remove());
  const published: Snapshot[] = [];
  const plane = new ControlPlane({
    log: silentLog,
    authority: await LocalAuthority.open({ directory: folder.path, log: silentLog, now: Date.now }),
    nowMs: Date.now,
    previous,
    ledger: new Map(),
    publish: (snapshot) => void published.push(snapshot),
    saveLedger: () => undefined,
  });
  onTestFinished(() => plane.close());
  const route = { host: 'app.test', to: `http://127.0.0.1:${port}`, health: { path: '/up', interval: 100, fall: 1 } };
  const { definitions, rejected } = parseFile({
    path: '/x.yml',
    text: JSON.stringify({ routes: [route] }),
    seenMs: 0,
  });
  expect(rejected).toEqual([]);
  plane.setFrame(FRAME);
  plane.setSource({ source: 'file:/x.yml', definitions, rejected: [] });
  await plane.open();
  const backend = (): Backend | undefined => [...(plane.snapshot?.backends.values() ?? [])][0];
  return { plane, published, backend };
}

test('a backend takes requests when its check has passed, and none when it fails', async () => {
  const app = await startApp();
  app.status = 500;
  const { published, backend } = await startPlane(app.port);
  expect([...(published[0]?.backends.values() ?? [])][0]).toMatchObject({ state: 'starting', port: app.port });
  app.status = 200;
  await eventually(() => backend()?.state === 'ready');
  app.status = 500;
  await eventually(() => backend()?.state === 'unhealthy');
  expect(backend()?.reason).toContain('status 500');
  app.status = 200;
  await eventually(() => backend()?.state === 'ready');
});

test('a container takes requests once its port accepts a connection, and after another start is asked again', async () => {
  const port = await freePort();
  const { plane } = await startPlane(port);
  const id = 'docker:abc/main:80';
  const start = (startedMs: number, state: Backend['state'] = 'ready'): void => {
    const app = { id, name: 'app', address: '127.0.0.1', port, state, containerId: 'abc' } as const;
    const backend: Backend = { ...app, protocol: 'http', reason: '', tlsVerify: true, proxyProtocol: '' };
    const { definitions } = parseFile({
      path: '/y.yml',
      text: `routes: [{host: c.test, to: "http://127.0.0.1:${port}"}]`,
      seenMs: 0,
    });
    const [one] = definitions.map((definition) => ({
      ...definition,
      action: { type: 'forward' as const, backends: [{ backendId: id, weight: 1 }] },
      backends: [backend],
      readiness: [{ backendId: id, startedMs }],
    }));
    plane.setSource({ source: 'docker:test', definitions: one === undefined ? [] : [one], rejected: [] });
  };
  const found = (): Backend | undefined => plane.snapshot?.backends.get(id);
  start(1);
  await eventually(() => found()?.reason === `it does not listen on port ${port} yet: the connection is refused`);
  expect(found()?.state).toBe('starting');
  const server = createServer().listen(port, '127.0.0.1');
  await eventually(() => found()?.state === 'ready');
  server.close();
  await once(server, 'close');
  start(1, 'draining');
  await eventually(() => found()?.state === 'draining');
  start(2);
  await eventually(() => found()?.state === 'starting');
});

test('a primary that restarts takes nobody out whom it has not asked yet', async () => {
  const app = await startApp();
  const first = await startPlane(app.port);
  await eventually(() => first.backend()?.state === 'ready');
  const before = first.plane.snapshot;
  await first.plane.close();
  const second = await startPlane(app.port, before);
  expect(second.published.map((snapshot) => [...snapshot.backends.values()][0]?.state)).not.toContain('starting');
  expect(second.backend()?.state).toBe('ready');
});

test('the backend of a stream takes connections when its check has passed, and none when it fails', async () => {
  const app = await startApp();
  const { plane } = await startPlane(app.port);
  const health = { path: '/primary', interval: 100, fall: 1 };
  const text = JSON.stringify({ tcp: [{ listen: 5432, to: `127.0.0.1:${app.port}`, health }] });
  const { tcp } = parseFile({ path: '/y.yml', text, seenMs: 0 });
  plane.setFrame({ ...FRAME, listeners: [...FRAME.listeners, ...tcp.flatMap(({ listener }) => listener ?? [])] });
  plane.setSource({ source: 'file:/y.yml', definitions: [], streams: tcp.map(({ stream }) => stream), rejected: [] });
  const state = (): string | undefined => plane.snapshot?.backends.get(`file:tcp://127.0.0.1:${app.port}`)?.state;
  await eventually(() => state() === 'ready');
  app.status = 503;
  await eventually(() => state() === 'unhealthy');
});
