import { expect, test } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { nginxProxy } from './index.ts';

function read(multiports: string, variables: Readonly<Record<string, string>> = {}) {
  return nginxProxy().read(
    inputOf({ variables: { ...variables, VIRTUAL_HOST_MULTIPORTS: multiports }, tcpPorts: [80, 9_000] }),
  );
}

const summary = (multiports: string) =>
  read(multiports).services.map(({ hosts, path, port, protocol }) => `${hosts.join()}${path} ${protocol}:${port}`);

test('hosts have ports of their own, and an empty one is the whole host', () => {
  const yaml = `
www.example.org:
service1.example.org:
  "/":
    port: 8000
service2.example.org:
  "/":
    port: "9000"
`;
  const json =
    '{"www.example.org":{},"service1.example.org":{"/":{"port":8000,"dest":""}},"service2.example.org":{"/":{"port":9000}}}';
  const expected = ['www.example.org/ http:80', 'service1.example.org/ http:8000', 'service2.example.org/ http:9000'];
  expect(summary(yaml)).toEqual(expected);
  expect(summary(json)).toEqual(expected);
});

test('paths of one host have ports, protocols and destinations', () => {
  const { services, problems } = read(`
www.example.org:
  "/":
  "/service1": { port: 8000, dest: "/" }
  "/service2": { port: 9443, proto: "https", dest: "/" }
`);
  expect(problems).toEqual([]);
  expect(services).toMatchObject([
    { service: '', path: '/', port: 80, backend: '', filters: [] },
    {
      service: 'site-2',
      path: '/service1',
      port: 8_000,
      backend: 'http-8000',
      filters: [{ from: '/service1', to: '/' }],
    },
    { service: 'site-3', path: '/service2', port: 9_443, protocol: 'https', tlsVerify: false, backend: 'https-9443' },
  ]);
});

test('a host has external ports for all of its paths', () => {
  const { services } = read(
    `
example.org:
  external_https_port: 8448
  "/": { port: 8448 }
  "/path": { port: 80 }
`,
    { HTTPS_METHOD: 'noredirect' },
  );
  expect(services).toMatchObject([
    { path: '/', port: 8_448, listeners: ['http'], publicPorts: [{ port: 8_448, protocol: 'https' }] },
    { path: '/path', port: 80, listeners: ['http'], publicPorts: [{ port: 8_448, protocol: 'https' }] },
  ]);
});

test('it overrides the other variables, and leaves the container out when it cannot be read', () => {
  const variables = {
    VIRTUAL_HOST: 'b.test',
    VIRTUAL_PORT: '1',
    VIRTUAL_PATH: '/x',
    VIRTUAL_PROTO: 'uwsgi',
    VIRTUAL_DEST: 'y',
  };
  const { services, problems } = read('a.test:', variables);
  expect(problems).toEqual([]);
  expect(services).toMatchObject([{ hosts: ['a.test'], path: '/', port: 80, protocol: 'http' }]);
  expect(read('a: [', variables)).toMatchObject({ isSilent: false, services: [], problems: [{}] });
});

test.each([
  ['{', /line 1: /],
  ['- a.test', /is no map of hosts/],
  ['a.test', /is no map of hosts/],
  ['{}', /is no map of hosts/],
  ['a.test: 80', /a\.test: 80 is no map/],
  ['a.test: { "/": 80 }', /a\.test\/: 80 is no map/],
  ['a.test: { "/": [] }', /a\.test\/: a list is no map/],
  ['a.test: { "/": { port: 0 } }', /a\.test\/: port=0 cannot be used/],
  ['a.test: { "/": { port: { a: 1 } } }', /port=\[\.\.\.\] cannot be used/],
  ['a.test: { "/": { proto: uwsgi } }', /proto=uwsgi: dproxy speaks HTTP/],
  ['a.test: { "/": { prt: 1 } }', /the key prt/],
  ['a.test: { api: {} }', /the key api/],
  ['a.test: { external_http_port: x, "/": {} }', /external_http_port=x cannot be used/],
  ['"*.a.*": {}', /the host \*\.a\.\* cannot be used/],
  ['a.test: !!js/function "x"', /line 1: /],
  ['__proto__: {}\na.test: {}', /the key "__proto__"/],
  ['"a\\nb": {}', /the host a\?b cannot be used/],
])('%s is a problem', (multiports, message) => {
  expect(read(multiports).problems.map((each) => each.message)).toEqual([expect.stringMatching(message)]);
});

test('what is wrong with one path leaves the others alone', () => {
  expect(summary('a.test: { "/x": { port: 0 }, "/y": { port: 81 } }\nb.test:')).toEqual([
    'a.test/y http:81',
    'b.test/ http:80',
  ]);
});

test('aliases that stand for millions of paths are refused', () => {
  const level = (name: string, of: string) =>
    `${name}: &${name} {${Array.from({ length: 9 }, (_, index) => `"/${index}": *${of}`).join(',')}}`;
  const bomb = [
    'a: &a {"/": {}}',
    level('b', 'a'),
    level('c', 'b'),
    level('d', 'c'),
    level('e', 'd'),
    level('f', 'e'),
    level('g', 'f'),
  ].join('\n');
  expect(read(bomb).services).toEqual([]);
  const wide = `p: &p {${Array.from({ length: 200 }, (_, index) => `"/${index}": {}`).join(',')}}\n`;
  const many = wide + Array.from({ length: 99 }, (_, index) => `h${index}.test: *p`).join('\n');
  expect(read(many)).toMatchObject({ services: [], problems: [{ expected: 'at most 1024' }] });
});
