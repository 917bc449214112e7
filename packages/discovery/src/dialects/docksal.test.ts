import { expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import { docksal } from './docksal.ts';
import { PLAIN_SERVICE } from './plain-service.ts';

const HOST = 'io.docksal.virtual-host';
const PORT = 'io.docksal.virtual-port';
const read = (labelled: Readonly<Record<string, string>>, tcpPorts: readonly number[] = [80]) =>
  docksal.read(inputOf({ labelled, tcpPorts }));

test('hosts are a comma list; a leading wildcard is any depth', () => {
  const { services, problems, isSilent } = read({ [HOST]: 'My.docksal.site, *.my.docksal.site,,my.docksal.site' });
  expect(isSilent).toBe(false);
  expect(problems).toEqual([]);
  expect(services).toEqual([
    { ...PLAIN_SERVICE, hosts: ['my.docksal.site', '*.my.docksal.site'], port: 80, fallThrough: false },
  ]);
});

test.each([
  ['app.*', '^app\\..*$'],
  ['app-*.Example.com', '^app-.*\\.example\\.com$'],
  ['*.*.test', '^.*\\..*\\.test$'],
])('%s is a pattern of the whole host', (host, pattern) => {
  const { services, problems } = read({ [HOST]: host });
  expect(problems).toEqual([]);
  expect(services).toMatchObject([{ hosts: ['*'], condition: { type: 'hostPattern', pattern } }]);
});

test('a single * is every host', () => {
  expect(read({ [HOST]: '*' }).services).toMatchObject([{ hosts: ['*'], condition: null }]);
});

test.each([
  [[8080], '3000', 8080],
  [[8080], undefined, 8080],
  [[80, 443], '3000', 3000],
  [[80, 443], undefined, 80],
  [[], '3000', 3000],
  [[], undefined, 80],
  [[8080], 'web', 8080],
] as [number[], string | undefined, number][])('ports %o with the label %s: %i', (ports, label, expected) => {
  const { services, problems } = read({ [HOST]: 'a.test', ...(label === undefined ? {} : { [PORT]: label }) }, ports);
  expect(problems).toEqual([]);
  expect(services[0]?.port).toBe(expected);
});

test('what cannot be used is told, and takes nothing else with it', () => {
  const hosts = read({ [HOST]: 'a.test,b..test,c_d*' });
  expect(hosts.services[0]?.hosts).toEqual(['a.test']);
  expect(hosts.problems.map(({ message }) => message)).toEqual([
    `${HOST}: b..test is no host`,
    `${HOST}: c_d* is no host`,
  ]);
  const port = read({ [HOST]: 'a.test', [PORT]: 'web' }, [80, 443]);
  expect(port).toMatchObject({ services: [], problems: [{ expected: 'a port from 1 to 65535' }] });
});

test('a project that can sleep is one group; a permanent one never sleeps', () => {
  const root = { [HOST]: 'a.test', 'io.docksal.project-root': '/projects/shop' };
  const wake = { scope: 'project', groups: [], name: '', options: {}, isPermanent: false, readyAfterMs: 0 };
  expect(read(root).wake).toEqual(wake);
  expect(read({ ...root, 'io.docksal.permanent': 'true' }).wake).toEqual({ ...wake, isPermanent: true });
  expect(read({ ...root, 'io.docksal.permanent': 'false' }).wake).toEqual(wake);
  expect(read({ [HOST]: 'a.test', 'io.docksal.permanent': 'true' }).wake).toBeUndefined();
});

test('cert-name and permanent are understood; other labels of Docksal are not its words', () => {
  const known = { 'io.docksal.cert-name': 'shop', 'io.docksal.permanent': 'true' };
  expect(read(known)).toMatchObject({ services: [], problems: [], isSilent: false });
  expect(docksal.isOwnWord('label', 'io.docksal.shell')).toBe(false);
  expect(docksal.isPublicClaim('label', HOST)).toBe(true);
  expect(docksal.isPublicClaim('label', 'io.docksal.project-root')).toBe(true);
  expect(docksal.isPublicClaim('label', PORT)).toBe(false);
});
