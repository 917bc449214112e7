import { once } from 'node:events';
import { type BasicAuthFilter, silentLog, type WakeGroup, type WakeProgress } from '@dproxy/core';
import {
  eventually,
  Origin,
  respond,
  snapshotOf,
  type RawClient,
  type RouteSpec,
  type SnapshotSpec,
} from '@dproxy/testkit';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ApplicationPath, type Plugin, PluginLoader } from '../application/index.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { startHttp2Edge } from '../fixtures/http2-edge.ts';

const GROUP: WakeGroup = {
  id: 'docker/project:shop',
  name: 'shop',
  autostart: true,
  timeoutMs: 60_000,
  browsers: 'page',
  theme: '',
};

const WAKING: WakeProgress = {
  group: GROUP.id,
  state: 'waking',
  message: 'Waiting for db.',
  retryAfterS: 0,
  steps: [{ name: 'db', state: 'starting' }],
  log: ['\u001b[31m<b>'],
};

const PASSWORD: BasicAuthFilter = {
  type: 'basicAuth',
  users: [['sha', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=']],
  realm: 'shop',
  removeHeader: true,
  userHeader: '',
};

const BROWSER = 'Accept: text/html,*/*;q=0.8\r\n';
const EVENTS = 'Accept: text/event-stream\r\n';

interface SiteOptions {
  readonly group?: Partial<WakeGroup>;
  readonly state?: 'stopped' | 'ready';
  readonly route?: Partial<RouteSpec>;
  readonly spec?: Partial<SnapshotSpec>;
}

const stamp: Plugin = async (app: FastifyInstance) => {
  app.addHook('onSend', async (_request, reply) => void reply.header('x-stamp', 'yes'));
};

async function startSite({ group, state = 'stopped', route, spec }: SiteOptions = {}) {
  const origin = await Origin.start(respond({ body: 'the shop' }));
  onTestFinished(() => origin[Symbol.asyncDispose]());
  const woken: string[] = [];
  const specOf = (now: typeof state): SnapshotSpec => ({
    routes: [{ ...route, host: 'a.test', to: { port: origin.port, state: now }, wakeGroup: GROUP.id }],
    wakeGroups: [{ ...GROUP, ...group }],
    ...spec,
  });
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['stamp', stamp]]) });
  const edge = await startEdge(specOf(state), {
    onWake: (id, client) => woken.push(`${id} ${client}`),
    applicationPath: new ApplicationPath({ loader, log: silentLog }),
  });
  onTestFinished(() => edge.plane.close());
  return {
    ...edge,
    origin,
    woken,
    becomes: (now: typeof state) => edge.apply(snapshotOf({ ...specOf(now), version: 2 })),
    ask: async (path: string, headers: string) => {
      const client = await edge.connect();
      onTestFinished(() => client[Symbol.dispose]());
      await client.write(getRequest('a.test', path, headers));
      return client;
    },
  };
}

/** Names and data of the events that came, without the chunks that carry them. */
function eventsOf(
  text: string,
): readonly { readonly event: string; readonly state: string; readonly message: string }[] {
  return [...text.matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, event = '', data = '{}']) => ({
    event,
    ...(JSON.parse(data) as { state: string; message: string }),
  }));
}

async function eventsUntil(client: RawClient, last: string) {
  return await eventually(() => {
    const events = eventsOf(client.unread.toString());
    return events.some(({ event, state }) => event === last || state === last) ? events : undefined;
  });
}

describe("a browser's navigation to a site that sleeps", () => {
  it('gets the waiting page at once, and wakes the group', async () => {
    const site = await startSite();
    const client = await site.ask('/', BROWSER);
    const response = await client.readResponse();
    expect(response.status).toBe(202);
    expect(response.header('x-robots-tag')).toBe('noindex');
    expect(response.body.text).toContain('Starting shop');
    expect(site.woken).toEqual([`${GROUP.id} 127.0.0.1`]);
  });

  it('is shown how far it is when somebody else has begun it', async () => {
    const site = await startSite();
    await (await site.ask('/', BROWSER)).readResponse();
    site.plane.waking(WAKING);
    expect((await (await site.ask('/', BROWSER)).readResponse()).body.text).toContain('Waiting for db.');
  });

  it('gets the site when that is awake', async () => {
    const site = await startSite({ state: 'ready' });
    expect((await (await site.ask('/', BROWSER)).readResponse()).body.text).toBe('the shop');
    expect(site.woken).toEqual([]);
  });

  it('is shown once more how it has ended, where it comes again by itself, and begins it where a person asks', async () => {
    const site = await startSite();
    await (await site.ask('/', BROWSER)).readResponse();
    site.plane.waking({ ...WAKING, state: 'failed', message: 'db ended with code 1.' });
    const failed = await (await site.ask('/', BROWSER)).readResponse();
    expect([failed.status, failed.header('retry-after')]).toEqual([503, undefined]);
    expect(failed.body.text).toContain('db ended with code 1.');
    const again = await (await site.ask('/', `${BROWSER}Sec-Fetch-User: ?1\r\n`)).readResponse();
    expect(again.status).toBe(202);
    expect(again.body.text).not.toContain('db ended');
  });

  it('waits where pages are not wanted', async () => {
    const site = await startSite({ group: { browsers: 'hold' } });
    const client = await site.ask('/', BROWSER);
    await eventually(() => site.woken.length > 0);
    await site.becomes('ready');
    expect((await client.readResponse()).body.text).toBe('the shop');
  });

  it('is told why it is not started: where requests do not start it, with the page for 406', async () => {
    const site = await startSite({
      group: { autostart: false },
      spec: { pages: { '406.json': '{"own":"{{message}}"}' } },
    });
    const page = await (await site.ask('/', BROWSER)).readResponse();
    expect([page.status, page.header('content-type')]).toEqual([406, 'text/html; charset=utf-8']);
    expect(page.body.text).toContain('This site is asleep');
    const json = await (await site.ask('/', 'Accept: application/json\r\n')).readResponse();
    expect([json.status, json.body.text]).toEqual([
      406,
      '{"own":"This site is asleep, and a request does not start it."}',
    ]);
    expect((await (await site.ask('/', '')).readResponse()).body.text).toMatch(
      /^406 Not Acceptable\nThis site is asleep/,
    );
    expect(site.woken).toEqual([]);
  });
});

describe('whoever waits', () => {
  it.each([
    ['text/html, application/json;q=0.9', 'X-Requested-With: x\r\n', 'text/html; charset=utf-8'],
    ['application/json', '', 'application/json; charset=utf-8'],
    ['*/*', '', 'text/plain; charset=utf-8'],
  ])('is told the reason when it fails, as %s', async (accept, more, type) => {
    const site = await startSite();
    const client = await site.ask('/', `Accept: ${accept}\r\n${more}`);
    await eventually(() => site.woken.length > 0);
    site.plane.waking({ ...WAKING, state: 'failed', message: 'db ended with code 1.', retryAfterS: 7 });
    const response = await client.readResponse();
    expect([response.status, response.header('content-type'), response.header('retry-after')]).toEqual([
      503,
      type,
      '7',
    ]);
    expect(response.body.text).toContain('db ended with code 1.');
  });
});

describe('a waiting page that listens', () => {
  it('wakes the group, hears what becomes of it, and that it is awake; the app hears nothing', async () => {
    const site = await startSite();
    const client = await site.ask('/a?b=%zz&dproxy-wake', EVENTS);
    expect((await client.readHead()).raw).toMatch(/^HTTP\/1\.1 200 OK\r\n.*content-type: text\/event-stream/s);
    await eventually(() => site.woken.length > 0);
    site.plane.waking(WAKING);
    await eventsUntil(client, 'progress');
    await site.becomes('ready');
    const events = await eventsUntil(client, 'awake');
    expect(events.map(({ event, message }) => `${event}: ${message}`)).toEqual([
      expect.stringContaining('progress: It was asleep'),
      'progress: Waiting for db.',
      expect.stringContaining('awake: '),
    ]);
    expect(client.unread.toString()).toContain('"log":["<b>"]');
    expect(site.origin.requests).toEqual([]);
  });

  it('carries the next request on the same connection', async () => {
    const site = await startSite();
    const client = await site.ask('/?dproxy-wake', EVENTS);
    await site.becomes('ready');
    expect((await client.readResponse()).body.text).toContain('event: awake');
    await client.write(getRequest());
    expect((await client.readResponse()).body.text).toBe('the shop');
  });

  it('hears the reason when it fails', async () => {
    const site = await startSite();
    const client = await site.ask('/?dproxy-wake', EVENTS);
    await eventually(() => site.woken.length > 0);
    site.plane.waking({ ...WAKING, state: 'refused', message: 'Too many are started.', retryAfterS: 9 });
    const { body } = await client.readResponse();
    expect(eventsOf(body.text).at(-1)).toMatchObject({
      event: 'failed',
      state: 'refused',
      message: 'Too many are started.',
      retryAfter: 9,
    });
  });

  it('hears what is said to its client alone', async () => {
    const site = await startSite();
    const client = await site.ask('/?dproxy-wake', EVENTS);
    await eventually(() => site.woken.length > 0);
    const said = { ...WAKING, state: 'refused' as const, message: 'too much was asked for', retryAfterS: 30 };
    site.plane.waking({ ...said, client: '192.0.2.9' });
    site.plane.waking({ ...said, client: '127.0.0.1' });
    const { body } = await client.readResponse();
    expect(eventsOf(body.text).slice(1)).toMatchObject([
      { event: 'failed', state: 'refused', message: 'Too much was asked for.', retryAfter: 30 },
    ]);
    expect((await (await site.ask('/', BROWSER)).readResponse()).status).toBe(202);
  });

  it('hears that it took too long', async () => {
    const site = await startSite({ group: { timeoutMs: 1 } });
    const { body } = await (await site.ask('/?dproxy-wake', EVENTS)).readResponse();
    expect(eventsOf(body.text).at(-1)).toMatchObject({ event: 'failed', message: 'This site did not start in time.' });
  });

  it('hears of a site that is awake already, and the app hears nothing', async () => {
    const site = await startSite({ state: 'ready' });
    const { body } = await (await site.ask('/?dproxy-wake', EVENTS)).readResponse();
    expect(eventsOf(body.text).map(({ event }) => event)).toEqual(['awake']);
    expect([site.origin.requests, site.woken]).toEqual([[], []]);
  });

  it('is the app where nothing can be woken', async () => {
    const site = await startSite({ state: 'ready', spec: { wakeGroups: [] } });
    await site.apply({ routes: { 'a.test': site.origin } });
    expect((await (await site.ask('/?dproxy-wake', EVENTS)).readResponse()).body.text).toBe('the shop');
  });

  it('is refused where requests do not start it', async () => {
    const site = await startSite({ group: { autostart: false } });
    expect((await (await site.ask('/?dproxy-wake', EVENTS)).readResponse()).status).toBe(406);
  });

  it('counts among those who wait: a client has only so many', async () => {
    const site = await startSite({ spec: { limits: { heldRequestsPerClient: 2 } } });
    const clients = [await site.ask('/?dproxy-wake', EVENTS), await site.ask('/?dproxy-wake', EVENTS)];
    for (const client of clients) await client.readHead();
    expect((await (await site.ask('/?dproxy-wake', EVENTS)).readResponse()).status).toBe(503);
    clients[0]?.reset();
    await eventually(async () => {
      const again = await site.ask('/?dproxy-wake', EVENTS);
      return (await again.readHead()).status === 200;
    });
  });

  it('ends when the worker goes, so that the page asks another one', async () => {
    const site = await startSite();
    const client = await site.ask('/?dproxy-wake', EVENTS);
    await client.readHead();
    const drained = site.plane.drain(20_000);
    expect(await client.ended).toBe('end');
    expect(eventsOf(client.unread.toString()).map(({ event }) => event)).toEqual(['progress']);
    expect(await drained).toEqual({ finished: 1, cut: 0 });
  });

  it('hears the news and the end in a worker that is going already', async () => {
    const site = await startSite();
    const client = await site.ask('/', BROWSER);
    expect((await client.readResponse()).status).toBe(202);
    const drained = site.plane.drain(20_000);
    await client.write(getRequest('a.test', '/?dproxy-wake', EVENTS));
    expect(await client.ended).toBe('end');
    expect(eventsOf(client.unread.toString()).map(({ event }) => event)).toEqual(['progress']);
    expect(await drained).toEqual({ finished: 1, cut: 0 });
  });

  it('speaks HTTP/1.0, too: its end is that of the connection', async () => {
    const site = await startSite();
    const old = await site.connect();
    onTestFinished(() => old[Symbol.dispose]());
    await old.write(`GET /?dproxy-wake HTTP/1.0\r\nHost: a.test\r\n${EVENTS}\r\n`);
    await eventsUntil(old, 'progress');
    await site.becomes('ready');
    expect(await old.ended).toBe('end');
    expect(old.unread.toString()).not.toMatch(/transfer-encoding/i);
    expect(eventsOf(old.unread.toString()).at(-1)?.event).toBe('awake');
  });

  it('says only the last word to a client that does not read, and cuts it in the end', async () => {
    const site = await startSite({ spec: { limits: { writeStallMs: 200 } } });
    const client = await site.ask('/?dproxy-wake', EVENTS);
    await client.readHead();
    client.socket.pause();
    const log = Array.from({ length: 20 }, () => 'x'.repeat(200));
    // More than sockets hold: were it kept for the client, it would be in this process.
    const before = site.plane.stats().bytesOut;
    for (let turn = 0; turn < 20_000; turn++) site.plane.waking({ ...WAKING, message: `${turn}`, log });
    await eventually(() => site.plane.stats().connections === 0);
    expect(site.plane.stats().bytesOut - before).toBeLessThan(20_000 * 4_000);
    expect(site.plane.activity()).toMatchObject([{ group: GROUP.id, open: 0 }]);
  });

  it('is a stream of HTTP/2 like any other', async () => {
    const origin = await Origin.start(respond({ body: 'the shop' }));
    onTestFinished(() => origin[Symbol.asyncDispose]());
    const edge = await startHttp2Edge(
      { port: origin.port, state: 'stopped' },
      { route: { wakeGroup: GROUP.id }, wakeGroups: [GROUP] },
    );
    onTestFinished(() => edge[Symbol.asyncDispose]());
    const client = await edge.http2();
    onTestFinished(() => client[Symbol.dispose]());
    const stream = client.open({ ':path': '/?dproxy-wake', accept: 'text/event-stream' });
    let text = '';
    stream.on('data', (bytes: Buffer) => (text += bytes.toString()));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect([headers[':status'], headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually(() => eventsOf(text).length === 1);
    edge.plane.waking(WAKING);
    await eventually(() => eventsOf(text).length === 2);
    edge.plane.waking({ ...WAKING, state: 'failed', message: 'It broke.' });
    await once(stream, 'end');
    expect(
      eventsOf(text)
        .map(({ event, message }) => `${event}: ${message}`)
        .slice(1),
    ).toEqual(['progress: Waiting for db.', 'failed: It broke.']);
  });
});

describe('what guards the site guards its waiting page', () => {
  it.each([
    ['the page', '/', BROWSER],
    ['its news', '/?dproxy-wake', EVENTS],
    ['whoever waits', '/', ''],
  ])('%s asks for the password, and wakes nobody', async (_, path, headers) => {
    const site = await startSite({ route: { filters: [PASSWORD] } });
    expect((await (await site.ask(path, headers)).readResponse()).status).toBe(401);
    expect(site.woken).toEqual([]);
  });

  it('the page and its news come through the plugins of the route', async () => {
    const site = await startSite({ route: { plugins: ['stamp'] } });
    const page = await (await site.ask('/', BROWSER)).readResponse();
    expect([page.status, page.header('x-stamp')]).toEqual([202, 'yes']);
    const client = await site.ask('/?dproxy-wake', EVENTS);
    expect((await client.readHead()).header('x-stamp')).toBe('yes');
    await site.becomes('ready');
    await eventsUntil(client, 'awake');
    expect(site.origin.requests).toEqual([]);
  });
});
