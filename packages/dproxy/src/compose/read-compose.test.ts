import { expect, test } from 'vitest';
import { isComposeText } from './compose-document.ts';
import { readCompose } from './read-compose.ts';
import { IMAGE_PORT } from './service-container.ts';

function read(
  text: string,
  files: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  return readCompose({
    path: '/home/me/My Shop/docker-compose.yml',
    text,
    environment: new Map(Object.entries(environment)),
    readText: (path) => files[path],
  });
}

const only = (...parameters: Parameters<typeof read>) => read(...parameters).services[0]?.container;

test('a service is the container that compose would make of it', () => {
  const container = only(`
services:
  web:
    image: nginx
    hostname: web.example.com
    ports: ['8080:80']
    expose: [81]
    networks: [front, default, outside]
    labels: { a.b: true, c: "1" }
    environment: [A=1=2, B]
networks:
  front: { name: shared }
  outside: { external: true }
`);
  expect(container).toMatchObject({
    name: 'myshop-web-1',
    image: 'nginx',
    hostname: 'web.example.com',
    state: 'running',
    networkMode: 'default',
    tcpPorts: [80, 81],
    createdMs: 1,
  });
  expect(container?.id).toMatch(/^[0-9a-f]{64}$/);
  expect([...(container?.labels ?? [])]).toEqual([
    ['a.b', 'true'],
    ['c', '1'],
    ['com.docker.compose.project', 'myshop'],
    ['com.docker.compose.service', 'web'],
  ]);
  expect([...(container?.env ?? [])]).toEqual([['A', '1=2']]);
  expect(container?.attachments.map(({ network }) => network)).toEqual(['myshop_default', 'outside', 'shared']);
});

test('names come from the file, from the environment, and from container_name', () => {
  const text = 'name: filed\nservices: { a: {} }';
  expect(only(text)?.name).toBe('filed-a-1');
  expect(only(text, {}, { COMPOSE_PROJECT_NAME: 'Said' })?.name).toBe('said-a-1');
  expect(only('services: { a: { container_name: mine } }')?.name).toBe('mine');
});

test('variables come from the environment, then from .env, then from their default', () => {
  const text = 'services: { a: { environment: { X: "${A}-${B}-${C:-c}-$$D", E: } } }';
  const files = { '/home/me/My Shop/.env': 'A=file\nB=file\nE=passed' };
  const container = only(text, files, { A: 'outside' });
  expect([...(container?.env ?? [])]).toEqual([
    ['X', 'outside-file-c-$D'],
    ['E', 'passed'],
  ]);
});

test('env files are read in order, below what environment says', () => {
  const text =
    'services: { a: { env_file: [one.env, { path: ../two.env, required: false }, { path: none, required: false }], environment: { C: c } } }';
  const files = { '/home/me/My Shop/one.env': 'A=1\nB=1\nC=1', '/home/me/two.env': 'B=2' };
  expect([...(only(text, files)?.env ?? [])]).toEqual([
    ['A', '1'],
    ['B', '2'],
    ['C', 'c'],
  ]);
  expect(read('services: { a: { env_file: none.env } }').notes).toMatchObject([
    { service: 'a', message: 'env_file: none.env cannot be read' },
  ]);
});

test('merge keys and extends of the same file are followed', () => {
  const { services, notes } = read(`
x-base: &base { image: base, environment: { A: "1" } }
services:
  merged: { <<: *base, container_name: m }
  parent: { image: parent, environment: [A=1], labels: { a: "1", b: "1" } }
  child: { extends: { service: parent }, environment: { B: "2" }, labels: { b: "2" } }
  grandchild: { extends: child }
`);
  expect(notes).toEqual([]);
  expect(services.map(({ container }) => [container.image, [...container.env], container.labels.get('b')])).toEqual([
    ['base', [['A', '1']], undefined],
    ['parent', [['A', '1']], '1'],
    [
      'parent',
      [
        ['A', '1'],
        ['B', '2'],
      ],
      '2',
    ],
    [
      'parent',
      [
        ['A', '1'],
        ['B', '2'],
      ],
      '2',
    ],
  ]);
});

test('what needs other files, or means nothing here, is told', () => {
  const { notes } = read(`
include: [other.yml]
services:
  a: { extends: { file: other.yml, service: b } }
  b: { extends: b }
  c: { deploy: { labels: { x: "1" } }, label_file: labels, ports: [http] }
  d: { environment: { X: $NOT_SET, Y: "\${NOT_SET}" } }
`);
  expect(notes.map(({ service, message }) => [service, message])).toEqual(
    [
      ['', '`include` of other files is not followed'],
      ['d', 'the variable NOT_SET is not set: nothing stands in its place'],
      ['a', '`extends` of other files is not followed'],
      ['b', '`extends` of other files is not followed'],
      ['c', 'ports: http cannot be read'],
      ['c', 'deploy.labels are on a service of Swarm, not on its containers, and are not read'],
      ['c', '`label_file` is not followed'],
    ].sort(([a], [b]) => NOTE_ORDER.indexOf(a ?? '') - NOTE_ORDER.indexOf(b ?? '')),
  );
});

/** Variables are filled in first, then services are read. */
const NOTE_ORDER = ['d', '', 'a', 'b', 'c'];

test('networks of the host, of another service, and none at all', () => {
  const { services } = read(`
services:
  a: { network_mode: host }
  b: { network_mode: "service:a" }
  c: { network_mode: none }
  d: { network_mode: bridge, profiles: [debug] }
`);
  const [a, b, c, d] = services;
  expect(a?.container).toMatchObject({ networkMode: 'host', tcpPorts: [], attachments: [{ network: 'host' }] });
  expect(b?.container.networkMode).toBe(`container:${a?.container.id}`);
  expect(c?.container).toMatchObject({ networkMode: 'none', attachments: [] });
  expect(d).toMatchObject({ profiles: ['debug'], container: { networkMode: 'default', tcpPorts: [IMAGE_PORT] } });
});

test('names of the prototype are services and variables like others', () => {
  const { services, notes } = read('services: { constructor: { environment: { toString: x } }, __proto__: {} }');
  expect(services.map(({ service, container }) => [service, [...container.env]])).toEqual([
    ['constructor', [['toString', 'x']]],
  ]);
  expect(notes).toMatchObject([{ message: 'the key "__proto__"' }]);
});

test.each([
  ['routes: []', 'it has no `services:`'],
  ['services: []', 'it has no `services:`'],
  ['services: {', '1:'],
  ['services: { a: !reset {} }', '1:'],
])('%s is no compose file', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test('compose files are told by their services', () => {
  expect(['services: { a: {} }', 'services: {}', 'routes: []', '', '{', 'services: 1'].map(isComposeText)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
