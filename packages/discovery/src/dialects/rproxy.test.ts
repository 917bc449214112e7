import { expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import { PLAIN_SERVICE } from './plain-service.ts';
import { PLAIN_STREAM } from './plain-stream.ts';
import { rproxy } from './rproxy.ts';

const read = (value: string) => rproxy.read(inputOf({ variables: { RPROXY: value } }));

const service = (name: string, host: string, parts: Partial<typeof PLAIN_SERVICE> = {}) => ({
  ...PLAIN_SERVICE,
  service: name,
  hosts: [host, `*.${host}`],
  port: 80,
  fallThrough: false,
  ...parts,
});

test('a host stands for itself and all below it, on port 80 where every host answers', () => {
  expect(read('http://Example.com')).toMatchObject({
    isSilent: false,
    services: [service('example.com:80/', 'example.com')],
    streams: [],
    problems: [],
  });
});

test.each([
  ['http://a.test:8080', { port: 8080, publicPorts: [{ port: 8080, protocol: 'http' }] }],
  ['http://a.test:443', { port: 443, publicPorts: [{ port: 443, protocol: 'https' }] }],
  ['http://a.test:80/api/', { path: '/api' }],
  ['HTTP://a.test/api/v1', { path: '/api/v1' }],
])('%s', (url, parts) => {
  const { services, problems } = read(url);
  expect(problems).toEqual([]);
  expect(services[0]).toMatchObject({ hosts: ['a.test', '*.a.test'], pathMatch: 'segments', port: 80, ...parts });
});

test('the list may have spaces, empty parts and repetitions', () => {
  const { services, streams, problems } = read(' http://a.test , ,http://a.test:80/,http://b.test,');
  expect(problems).toEqual([]);
  expect(services.map(({ hosts }) => hosts[0])).toEqual(['a.test', 'b.test']);
  expect(streams).toEqual([]);
});

test('the name of a TCP service is only a name: services on one port are one', () => {
  const { services, streams, problems } = read('tcp://db:5432,tcp://other:5432,tcp://plain');
  expect(problems).toEqual([]);
  expect(services).toEqual([]);
  expect(streams).toEqual([
    { ...PLAIN_STREAM, service: 'tcp:5432', port: 5432, publicPort: 5432 },
    { ...PLAIN_STREAM, service: 'tcp:4', port: 4, publicPort: 4 },
  ]);
});

test.each([
  ['https://a.test', 'has the scheme https'],
  ['ftp://a.test', 'has the scheme ftp'],
  ['a.test:80', 'is not such a URL'],
  ['http://', 'has no such host'],
  ['http://*.a.test', 'has no such host'],
  ['http://a..test', 'has no such host'],
  ['http://a.test:0', 'has the port 0'],
  ['http://a.test:70000', 'has the port 70000'],
  ['http://a.test/a?b', 'has no such path'],
  ['http://a.test/../b', 'has no such path'],
  ['http://user:secret@a.test', 'is not such a URL'],
])('%s is refused and does not take the others with it', (bad, why) => {
  const { services, problems } = read(`http://before.test,${bad},http://after.test`);
  expect(services.map(({ hosts }) => hosts[0])).toEqual(['before.test', 'after.test']);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(`RPROXY: `);
  expect(problems[0]?.message).toContain(why);
  expect(problems[0]?.message).not.toContain('secret');
});

test('a port that is asked for as http and as tcp stays http', () => {
  const { services, streams, problems } = read('tcp://a:9000,http://a.test:9000,tcp://a:9001');
  expect(services.map(({ port }) => port)).toEqual([9000]);
  expect(streams.map(({ port }) => port)).toEqual([9001]);
  expect(problems).toMatchObject([{ expected: 'one of the two on each port' }]);
});

test('nothing is said by an empty variable, and too much is cut with a word', () => {
  expect(read(' , ')).toMatchObject({ isSilent: true, services: [], problems: [] });
  const { services, problems } = read(Array.from({ length: 70 }, (_, index) => `http://h${index}.test`).join());
  expect(services).toHaveLength(64);
  expect(problems).toMatchObject([{ expected: 'at most 64' }]);
});

test('its only word is the variable, which claims public names', () => {
  expect(rproxy.isOwnWord('env', 'RPROXY')).toBe(true);
  expect(rproxy.isPublicClaim('env', 'RPROXY')).toBe(true);
  expect(rproxy.isOwnWord('label', 'RPROXY')).toBe(false);
  expect(rproxy.isOwnWord('env', 'RPROXY_X')).toBe(false);
});
