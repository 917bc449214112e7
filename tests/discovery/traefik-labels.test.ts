import { buildSnapshot, silentLog, type DataPlane } from '@dproxy/core';
import { describeTogether, readContainer, type Container, type DiscoverySettings } from '@dproxy/discovery';
import { createDataPlane } from '@dproxy/proxy';
import { echo, exchange, listenerOf, Origin, snapshotOf, type Echo, type RawResponse } from '@dproxy/testkit';
import { expect, it } from 'vitest';

type Labels = Readonly<Record<string, string>>;

interface Edge extends AsyncDisposable {
  get(target: string, more?: string): Promise<RawResponse>;
}

const R = 'traefik.http.routers';
const M = 'traefik.http.middlewares';

/** A data plane that serves what these labels say; all containers are published as this origin. */
async function serve(origin: Origin, containers: readonly Labels[], traefik = {}): Promise<Edge> {
  const settings: DiscoverySettings = {
    trustImages: false,
    exposedByDefault: true,
    dialects: { traefik },
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
  };
  const described = describeTogether(
    'unix:///run/docker.sock',
    containers.map((labels, index) => containerOf(index, labels, origin.port)),
    settings,
  );
  const { snapshot } = buildSnapshot({
    sources: [described.state],
    listeners: [listenerOf()],
    settings: snapshotOf().settings,
    certificates: [],
    pages: [],
  });
  const plane: DataPlane = createDataPlane({ log: silentLog, reusePort: false });
  await plane.apply(snapshot, new Map());
  const port = plane.addresses().get('http')?.[0]?.port ?? 0;
  return {
    get: (target, more = '') => {
      const { hostname, pathname, search } = new URL(target);
      const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n${more}Connection: close\r\n\r\n`;
      return exchange({ port, request });
    },
    [Symbol.asyncDispose]: () => plane.close(),
  };
}

function containerOf(index: number, labels: Labels, port: number): Container {
  return readContainer({
    Id: String(index).padStart(64, '0'),
    Name: `/c${index}`,
    Created: new Date(1_000 + index).toISOString(),
    State: { Status: 'running' },
    Config: { Labels: labels, ExposedPorts: { '80/tcp': {} } },
    NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
  });
}

const seen = ({ body }: RawResponse): Echo => JSON.parse(body.text) as Echo;
const location = ({ headers }: RawResponse) => headers.find(([name]) => name.toLowerCase() === 'location')?.[1];

it('chooses routers by rule, priority, path, query and method', async () => {
  await using origin = await Origin.start(echo());
  const path = (name: string, rule: string, more: Labels = {}): Labels => ({
    [`${R}.${name}.rule`]: rule,
    [`${R}.${name}.middlewares`]: name,
    [`${M}.${name}.addprefix.prefix`]: `/${name}`,
    ...more,
  });
  await using edge = await serve(origin, [
    path('all', 'Host(`a.com`, `b.com`)'),
    path('api', 'Host(`a.com`) && PathPrefix(`/api`)'),
    path('exact', 'Host(`a.com`) && Path(`/api/exact`)'),
    path('query', 'Host(`a.com`) && Query(`v`, `2`)', { [`${R}.query.priority`]: '1000' }),
    path('not', 'Host(`c.com`) && !PathPrefix(`/private`)'),
    path('one', 'Host(`*.d.com`)'),
    path('rest', 'HostRegexp(`^[a-z]+\\.e\\.com$`) || ClientIP(`192.0.2.9`)'),
  ]);
  const target = async (url: string) => {
    const response = await edge.get(url);
    return response.status === 200 ? seen(response).target : response.status;
  };
  expect(await target('http://a.com/x')).toBe('/all/x');
  expect(await target('http://b.com/api')).toBe('/all/api');
  expect(await target('http://a.com/api-docs')).toBe('/api/api-docs');
  expect(await target('http://a.com/api/exact')).toBe('/exact/api/exact');
  expect(await target('http://a.com/api?v=2')).toBe('/query/api?v=2');
  expect(await target('http://c.com/public')).toBe('/not/public');
  expect(await target('http://c.com/private/x')).toBe(404);
  expect(await target('http://x.d.com/')).toBe('/one/');
  expect(await target('http://y.x.d.com/')).toBe(404);
  expect(await target('http://shop.e.com/')).toBe('/rest/');
  expect(await target('http://shop9.e.com/')).toBe(404);
});

it("asks for the password that Traefik's own container defines, and closes what cannot be protected", async () => {
  await using origin = await Origin.start(echo());
  await using edge = await serve(origin, [
    { 'traefik.enable': 'true', [`${M}.auth.basicauth.users`]: 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' },
    { [`${R}.safe.rule`]: 'Host(`safe.com`)', [`${R}.safe.middlewares`]: 'auth@docker' },
    { [`${R}.open.rule`]: 'Host(`lost.com`)' },
    { [`${R}.lost.rule`]: 'Host(`lost.com`) && PathPrefix(`/admin`)', [`${R}.lost.middlewares`]: 'auth@file' },
  ]);
  expect((await edge.get('http://safe.com/')).status).toBe(401);
  const login = `Authorization: Basic ${Buffer.from('ann:password').toString('base64')}\r\n`;
  expect((await edge.get('http://safe.com/', login)).status).toBe(200);
  expect((await edge.get('http://lost.com/')).status).toBe(200);
  expect((await edge.get('http://lost.com/admin')).status).toBe(503);
  expect(origin.requests).toHaveLength(2);
});

it('redirects by middleware alone, and of TLS routers where the options say so', async () => {
  await using origin = await Origin.start(echo());
  const labels = [
    { [`${R}.tls.rule`]: 'Host(`tls.com`)', [`${R}.tls.tls.certresolver`]: 'le' },
    {
      [`${R}.to.rule`]: 'Host(`to.com`)',
      [`${R}.to.middlewares`]: 'https',
      [`${M}.https.redirectscheme.scheme`]: 'https',
      [`${R}.to.service`]: 'noop@internal',
    },
  ];
  await using strict = await serve(origin, labels);
  expect((await strict.get('http://tls.com/x')).status).toBe(404);
  const redirected = await strict.get('http://to.com/x');
  expect([redirected.status, location(redirected)]).toEqual([302, 'https://to.com/x']);
  await using edge = await serve(origin, labels, { redirectToHttps: true });
  const permanent = await edge.get('http://tls.com/x');
  expect([permanent.status, location(permanent)]).toEqual([301, 'https://tls.com/x']);
  expect(origin.requests).toEqual([]);
});
