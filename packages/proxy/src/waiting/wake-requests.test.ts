import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { silentLog, type WakeGroup, type WakeProgress } from '@dproxy/core';
import {
  backendOf,
  echo,
  eventually,
  freePort,
  listenerOf,
  Origin,
  type SnapshotSpec,
  streamOf,
  upgradeEcho,
  within,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { ApplicationPath, PluginLoader } from '../application/index.ts';
import { SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest } from '../fixtures/edge.ts';
import { startHttp2Edge } from '../fixtures/http2-edge.ts';
import { backend, GROUP, PATIENT, startWaitingEdge, held } from '../fixtures/waiting-edge.ts';

type Edge = Awaited<ReturnType<typeof startWaitingEdge>>;
type State = Parameters<typeof backend>[1];

const NOBODY = { port: 9, name: 'x' };

function shop(origin: Pick<Origin, 'port' | 'name'>, state: State, group: Partial<WakeGroup> = {}): SnapshotSpec {
  return {
    routes: [{ host: 'a.test', to: [backend(origin, state)], wakeGroup: GROUP.id }],
    wakeGroups: [{ ...GROUP, ...group }],
    limits: PATIENT,
  };
}

function progressOf(more: Partial<WakeProgress>): WakeProgress {
  return { group: GROUP.id, state: 'waking', message: '', retryAfterS: 0, steps: [], log: [], ...more };
}

async function ask(edge: Edge, request = getRequest('a.test', '/', 'Accept: text/plain\r\n')) {
  using client = await edge.connect();
  await client.write(request);
  const { status, headers, body } = await client.readResponse();
  return { status, text: body.text, retryAfter: headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] };
}

describe('a request for a group that sleeps', () => {
  it('tells who wants it, and waits until somebody is ready', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(shop(origin, 'stopped'));
    using client = await held(edge);
    expect(edge.wakes).toEqual([[GROUP.id, '127.0.0.1']]);
    edge.plane.waking(progressOf({ state: 'waking' }));
    edge.plane.waking(progressOf({ state: 'awake' }));
    await edge.apply(shop(origin, 'starting'));
    expect(edge.plane.stats().held).toBe(1);
    await edge.apply(shop(origin, 'ready'));
    expect((await client.readResponse()).status).toBe(200);
  });

  it('tells it again while somebody waits, and not for each of them', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped'));
    using one = await held(edge);
    using two = await held(edge);
    expect(edge.wakes).toHaveLength(1);
    await eventually(() => edge.wakes.length === 2);
    for (const client of [one, two]) (client.socket as Socket).resetAndDestroy();
    await eventually(() => edge.plane.stats().held === 0);
  });

  it('is told why when it fails, and nothing that could be more than a sentence', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped'));
    using client = await held(edge, getRequest('a.test', '/', 'Accept: text/html\r\n'));
    edge.plane.waking(progressOf({ state: 'failed', message: 'db ended <b>with</b>\u0000 code 3.', retryAfterS: 30 }));
    const answer = await client.readResponse();
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.raw).toMatch(/retry-after: 30\r\n/i);
    expect(answer.body.text).toContain('This site could not be started. db ended &#60;b&#62;with&#60;/b&#62; code 3.');
    expect(edge.plane.stats().errors).toEqual({ 'wake-failed': 1 });
  });

  it('is refused alone when its client has spent its budget', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(shop(origin, 'stopped'));
    using one = await held(edge);
    using two = await held(edge, getRequest(), '127.0.0.2');
    edge.plane.waking(progressOf({ state: 'refused', message: 'Too often.', client: '127.0.0.1' }));
    expect((await one.readResponse()).status).toBe(503);
    expect(edge.plane.stats().held).toBe(1);
    await eventually(() => edge.wakes.some(([, client]) => client === '127.0.0.2'));
    await edge.apply(shop(origin, 'ready'));
    expect((await two.readResponse()).status).toBe(200);
  });

  it('waits no longer than its group says', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped', { timeoutMs: 1 }));
    expect(await ask(edge)).toMatchObject({ status: 503, retryAfter: '5' });
    expect(edge.plane.stats().errors).toEqual({ 'wake-timeout': 1 });
  });

  it('waits for its own backends, whoever else of its group is ready, and is told what for', async () => {
    await using origin = await Origin.start();
    const sites = (admin: State, timeoutMs: number): SnapshotSpec => ({
      routes: [
        { host: 'a.test', to: [backend(NOBODY, admin)], wakeGroup: GROUP.id },
        { host: 'b.test', to: [backend(origin, 'ready')], wakeGroup: GROUP.id },
      ],
      wakeGroups: [{ ...GROUP, timeoutMs }],
      limits: PATIENT,
    });
    await using edge = await startWaitingEdge(sites('starting', 300));
    using client = await held(edge);
    expect((await ask(edge, getRequest('b.test'))).status).toBe(200);
    for (const state of ['awake', 'waking'] as const)
      edge.plane.waking(progressOf({ state, message: 'waiting for it to take requests' }));
    const { status, body } = await client.readResponse();
    expect([status, body.text]).toEqual([
      503,
      expect.stringContaining('did not start in time. Waiting for it to take requests.'),
    ]);
  });

  it('is given a moment when the container behind a URL refuses before the table says that it sleeps', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'ready'));
    using client = await held(edge);
    expect(edge.wakes).toEqual([]);
    await edge.apply(shop(NOBODY, 'stopped'));
    await eventually(() => edge.wakes.length === 1);
    await using origin = await Origin.start();
    await edge.apply(shop({ port: origin.port, name: 'x' }, 'ready'));
    expect((await client.readResponse()).status).toBe(200);
  });

  it('is told 406 when requests do not start it', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped', { autostart: false }));
    expect(await ask(edge)).toMatchObject({ status: 406, retryAfter: undefined });
    expect(edge.wakes).toEqual([]);
  });

  it('waits for its restart where requests do not start it', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(shop(origin, 'ready', { autostart: false }));
    await edge.apply(shop(origin, 'stopped', { autostart: false }));
    using client = await held(edge);
    await edge.apply(shop(origin, 'ready', { autostart: false }));
    expect((await client.readResponse()).status).toBe(200);
    expect(edge.wakes).toEqual([]);
  });

  it('ends when the group leaves the table, or is not started by requests any more', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped'));
    using one = await held(edge);
    await edge.apply(shop(NOBODY, 'stopped', { autostart: false }));
    expect((await one.readResponse()).status).toBe(503);
    await edge.apply(shop(NOBODY, 'stopped'));
    using two = await held(edge);
    await edge.apply({ ...shop(NOBODY, 'stopped'), wakeGroups: [] });
    expect((await two.readResponse()).status).toBe(503);
  });

  it('does not end by what is said of other groups, or of none of the table', async () => {
    await using edge = await startWaitingEdge(shop(NOBODY, 'stopped'));
    using client = await held(edge);
    edge.plane.waking(progressOf({ state: 'failed', group: 'docker:x/project:other' }));
    expect(edge.plane.stats().held).toBe(1);
    edge.plane.waking(progressOf({ state: 'failed' }));
    expect((await client.readResponse()).status).toBe(503);
  });

  it('is told how the start before it ended by nobody: it begins another one', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge(shop(origin, 'stopped'));
    edge.plane.waking(progressOf({ state: 'failed' }));
    using client = await held(edge);
    expect(edge.wakes).toHaveLength(1);
    await edge.apply(shop(origin, 'ready'));
    expect((await client.readResponse()).status).toBe(200);
  });

  it('waits behind plugins, too', async () => {
    await using origin = await Origin.start(echo());
    const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', async () => {}]]) });
    const applicationPath = new ApplicationPath({ loader, log: silentLog });
    const spec = (state: State): SnapshotSpec => ({
      ...shop(origin, state),
      routes: [{ host: 'a.test', to: [backend(origin, state)], wakeGroup: GROUP.id, plugins: ['nothing'] }],
    });
    await using edge = await startWaitingEdge(spec('stopped'), { applicationPath });
    using client = await held(edge, 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody');
    expect(edge.plane.activity()).toMatchObject([{ group: GROUP.id, open: 1 }]);
    await edge.apply(spec('ready'));
    expect((await client.readResponse()).body.text).toContain('body');
    expect(edge.plane.activity()).toMatchObject([{ open: 0 }]);
  });

  it('waits on a connection of HTTP/2 beside others that do not', async () => {
    await using origin = await Origin.start(echo());
    const wakes: string[] = [];
    await using edge = await startHttp2Edge(origin, { plane: { onWake: (group) => wakes.push(group) } });
    const routes = (state: State) => [
      { host: 'a.test', path: '/shop', to: [backend(origin, state)], wakeGroup: GROUP.id },
      { host: 'a.test', to: [backend(origin, 'ready', { id: 'file:other' })] },
    ];
    const material = new Map([[SITE_CERTIFICATE.id, SITE_CERTIFICATE]]);
    const listeners = [listenerOf({ protocol: 'https', addresses: [{ host: '127.0.0.1', port: edge.port('https') }] })];
    const retable = (state: State, version: number) =>
      edge.apply(
        { listeners, routes: routes(state), wakeGroups: [GROUP], certificates: [SITE_CERTIFICATE], version },
        material,
      );
    await retable('stopped', 2);
    using client = await edge.http2();
    const waiting = client.request({ ':method': 'POST', ':path': '/shop' }, 'x'.repeat(200_000));
    await eventually(() => edge.plane.stats().held === 1);
    expect(await client.request()).toMatchObject({ status: 200 });
    await retable('ready', 3);
    expect(await waiting).toMatchObject({ status: 200 });
    expect(wakes).toEqual([GROUP.id]);
  });
});

describe('the activity of a group', () => {
  it('counts what is open, waiting ones and tunnels, and how long nothing has happened', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startWaitingEdge(shop(origin, 'stopped'));
    const open = () => edge.plane.activity()[0]?.open;
    expect(edge.plane.activity()).toMatchObject([{ group: GROUP.id, open: 0 }]);
    using client = await held(edge, getRequest('a.test', '/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    expect(open()).toBe(1);
    await edge.apply(shop(origin, 'ready'));
    expect((await client.readHead()).status).toBe(101);
    expect(open()).toBe(1);
    await eventually(() => (edge.plane.activity()[0]?.idleMs ?? 0) >= 20);
    await client.write('hello');
    expect((await client.readBytes(5)).toString()).toBe('hello');
    client.halfClose();
    await client.ended;
    await eventually(() => open() === 0);
  });

  it('is none for routes without a group', async () => {
    await using origin = await Origin.start();
    await using edge = await startWaitingEdge({ routes: { 'a.test': origin } });
    expect((await ask(edge)).status).toBe(200);
    expect(edge.plane.activity()).toEqual([]);
  });
});

describe('a TCP connection', () => {
  const TCP = listenerOf({ id: 'tcp:1', protocol: 'tcp', publicPort: 1 });

  function stream(origin: Pick<Origin, 'port' | 'name'>, state: State, wakeGroup = GROUP.id): SnapshotSpec {
    return {
      listeners: [TCP],
      streams: [streamOf({ backendIds: ['file:tcp'], wakeGroup })],
      backends: [backendOf({ id: 'file:tcp', port: origin.port, protocol: 'tcp', ...(state ? { state } : {}) })],
      wakeGroups: [GROUP],
      limits: { ...PATIENT, bufferBytes: 65_536 },
    };
  }

  function startEcho(): Promise<Origin> {
    return Origin.start({ onConnection: (socket) => void socket.pipe(socket) });
  }

  it('waits for its group with what it has sent, in order', async () => {
    await using origin = await startEcho();
    await using edge = await startWaitingEdge(stream(origin, 'stopped'));
    using client = await edge.connect('tcp:1');
    const sent = Buffer.alloc(1_000_000, 'abcdefg');
    const written = client.write(sent);
    await eventually(() => edge.plane.stats().held === 1);
    expect(edge.wakes).toEqual([[GROUP.id, '127.0.0.1']]);
    expect(edge.plane.activity()).toMatchObject([{ open: 1 }]);
    await edge.apply(stream(origin, 'ready'));
    expect((await client.readBytes(sent.length)).equals(sent)).toBe(true);
    await written;
    client.halfClose();
    await client.ended;
    await eventually(() => edge.plane.activity()[0]?.open === 0);
  });

  it('waits for the successor of its backend', async () => {
    await using origin = await startEcho();
    await using edge = await startWaitingEdge(stream(origin, 'ready', ''));
    await edge.apply(stream(origin, 'stopped', ''));
    using client = await edge.connect('tcp:1');
    await eventually(() => edge.plane.stats().held === 1);
    await edge.apply(stream(origin, 'ready', ''));
    await client.write('hello');
    expect((await client.readBytes(5)).toString()).toBe('hello');
  });

  it('leaves when its client does', async () => {
    await using edge = await startWaitingEdge(stream(NOBODY, 'stopped'));
    const client = await edge.connect('tcp:1');
    await eventually(() => edge.plane.stats().held === 1);
    client.halfClose();
    await client.ended;
    await eventually(() => edge.plane.stats().held === 0 && edge.plane.stats().connections === 0);
  });

  it('that has said something and ended its side is still answered', async () => {
    await using origin = await startEcho();
    await using edge = await startWaitingEdge(stream(origin, 'stopped'));
    using client = await edge.connect('tcp:1');
    await client.write('question');
    client.halfClose();
    await eventually(() => edge.plane.stats().held === 1 && edge.plane.stats().bytesIn === 8);
    await edge.apply(stream(origin, 'ready'));
    expect((await client.readToEnd()).toString()).toBe('question');
  });

  it('is ended when its group fails, and when nobody is expected', async () => {
    await using edge = await startWaitingEdge(stream(NOBODY, 'stopped'));
    using client = await edge.connect('tcp:1');
    await eventually(() => edge.plane.stats().held === 1);
    edge.plane.waking(progressOf({ state: 'failed' }));
    expect(await client.ended).toBe('reset');
    await edge.apply(stream(NOBODY, 'stopped', ''));
    // A reset may be there before the connection is.
    const ended = Promise.withResolvers<boolean>();
    connect(edge.port('tcp:1'), '127.0.0.1')
      .on('error', () => undefined)
      .on('close', ended.resolve);
    expect(await within(ended.promise, 'the end of the connection')).toBe(true);
    expect(edge.plane.stats().errors).toEqual({ 'wake-failed': 1, 'no-backend-ready': 1 });
  });
});

it('a datagram for a group that sleeps wakes it, and is lost', async () => {
  const port = await freePort();
  const udp = listenerOf({ id: 'udp:1', protocol: 'udp', addresses: [{ host: '127.0.0.1', port }], publicPort: 1 });
  await using edge = await startWaitingEdge({
    listeners: [udp],
    streams: [streamOf({ listenerId: 'udp:1', protocol: 'udp', backendIds: ['file:udp'], wakeGroup: GROUP.id })],
    backends: [backendOf({ id: 'file:udp', port: 9, protocol: 'udp', state: 'stopped' })],
    wakeGroups: [GROUP],
  });
  const socket = createSocket('udp4');
  const sent = Promise.withResolvers<void>();
  socket.send('x', port, '127.0.0.1', () => sent.resolve());
  await within(sent.promise, 'the datagram');
  await eventually(() => edge.wakes.length === 1);
  expect(edge.wakes).toEqual([[GROUP.id, '127.0.0.1']]);
  socket.close();
});
