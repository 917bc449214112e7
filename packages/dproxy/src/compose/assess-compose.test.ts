import type { RouteRow } from '@dproxy/admin/client';
import { loadSettings, type Facts } from '@dproxy/config';
import { expect, test } from 'vitest';
import { assessCompose } from './assess-compose.ts';
import { readCompose } from './read-compose.ts';
import { reportLines } from './report-lines.ts';

const facts: Facts = {
  isRoot: true,
  uid: 0,
  cpuCount: 1,
  homedir: '/root',
  tempFolder: '/tmp',
  cwd: '/',
  hostname: 'here',
  localAddresses: ['127.0.0.1', '::1'],
  canSharePorts: true,
  fileExists: () => false,
};

function assess(text: string, served?: readonly RouteRow[]) {
  const { settings } = loadSettings({
    env: { DOCKER_PROXY_CONFIG_PATH: '/none/dproxy.yml' },
    flags: {},
    facts,
    nowMs: 0,
  });
  const compose = readCompose({
    path: '/srv/shop/compose.yml',
    text,
    environment: new Map(),
    readText: () => undefined,
  });
  const discovery = {
    trustImages: false,
    exposedByDefault: true,
    dialects: {},
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
  };
  return assessCompose(compose, { settings, discovery, served });
}

const WEB = `
services:
  web:
    image: nginx
    expose: [3000]
    environment: { VIRTUAL_HOST: "a.test,b.test", VIRTUAL_PATH: /x, NETWORK_ACCESS: internal, CERT_NAME: shared }
`;

test('a service is reported with its routes in words, and with what is not understood', () => {
  const report = assess(WEB);
  expect(report).toMatchObject({ file: '/srv/shop/compose.yml', problems: [] });
  const [web] = report.services;
  expect(web?.routes.filter(({ audience }) => audience === 'everyone')).toEqual([
    {
      host: 'a.test',
      path: '/x',
      pathMatch: 'prefix',
      audience: 'everyone',
      to: 'shop-web-1, http, port 3000',
      words: [
        'plain HTTP is redirected to HTTPS (301)',
        'HSTS max-age=31536000',
        'clients 127.0.0.0/8, 10.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12, ::1/128 only (403)',
      ],
      change: '',
    },
    expect.objectContaining({ host: 'b.test' }),
  ]);
  expect(web?.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/^CERT_NAME=shared: /)]);
});

test('the port of an image that no file tells is said to be that', () => {
  const [web] = assess('services: { web: { image: nginx, environment: [VIRTUAL_HOST=a.test] } }').services;
  expect(web?.routes[0]?.to).toBe('shop-web-1, http, the port that its image declares');
  expect(web?.problems).toEqual([]);
});

test('a neighbour is not served but replaced, and what was set on it goes into dproxy.yml', () => {
  const [proxy] = assess(
    'services: { p: { image: nginxproxy/nginx-proxy, ports: ["80:80"], environment: [HTTPS_METHOD=nohttps] } }',
  ).services;
  expect(proxy).toMatchObject({
    replaces: 'nginx-proxy',
    settings: ['docker.dialects.nginxProxy.httpsMethod: nohttps'],
    routes: [],
  });
});

test('what a running dproxy serves is compared', () => {
  const text = 'services: { web: { image: i, expose: [80], environment: [VIRTUAL_HOST=a.test] } }';
  const route = { id: 'a.test/', host: 'a.test', path: '/', state: 'serving', origins: [{ name: 'old' }], filters: [] };
  const change = (served: readonly object[]) =>
    assess(text, served as readonly RouteRow[]).services[0]?.routes[0]?.change;
  expect(change([])).toBe('new');
  expect(change([{ ...route, id: 'a.test/ #1' }])).toBe('new, beside what old has there');
  expect(change([route])).toMatch(/^served already, by old, with other https, headers/);
});

test('two services with one host and path are replicas, and a lost claim is told', () => {
  const { services } = assess(`
services:
  a: { image: i, expose: [80], labels: { dproxy.host: a.test } }
  b: { image: i, expose: [80], labels: { dproxy.host: a.test } }
`);
  expect(services.map(({ routes }) => routes.find(({ host }) => host === 'a.test')?.to)).toEqual([
    'shop-a-1, http, port 80, shop-b-1, http, port 80',
    'shop-a-1, http, port 80, shop-b-1, http, port 80',
  ]);
});

test('lines for people hold no control characters', () => {
  const lines = reportLines(
    assess('services: { "w\\e[31m": { image: "i\\n", environment: { VIRTUAL_HOST: "a b" } } }'),
  );
  expect(lines.join('').match(/\p{Cc}/u)).toBeNull();
  expect(lines.some((line) => line.includes('! the host a b cannot be used; expected a host such as'))).toBe(true);
});
