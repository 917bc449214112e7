import { describe, expect, it } from 'vitest';
import { authorityOf, LETS_ENCRYPT, OTHER, routeOf, routesOf, settingsOf } from './fixtures/bench.ts';
import { wantedNames } from './wanted-names.ts';

const WITH_DNS = { dns: { provider: 'exec', options: {} }, challenges: ['dns-01', 'http-01'] } as const;

function unorderable(...args: Parameters<typeof wantedNames>): Record<string, string> {
  return Object.fromEntries(wantedNames(...args).unorderable.map(({ name, problem }) => [name, problem]));
}

describe('names that are ordered', () => {
  it('are, by default, the public ones of routes that everybody may use', () => {
    const hosts = ['example.com', 'a.b.example.com', 'xn--bcher-kva.example'];
    const others = [
      'intranet',
      'a.localhost',
      'a.local',
      'a.internal',
      'a.test',
      'a.invalid',
      '192.0.2.1',
      '[2001:db8::1]',
    ];
    const local = routeOf('shop.example', { audience: 'local' });
    const { names, unorderable: rest } = wantedNames([...routesOf(...hosts, ...others), local], settingsOf());
    expect(names).toEqual(hosts);
    expect(rest).toEqual([]);
  });

  it('are never every host, whatever its route asks for', () => {
    const routes = [routeOf('*', { https: { certificate: 'acme' } })];
    expect(wantedNames(routes, settingsOf())).toEqual({ names: [], unorderable: [] });
  });

  it('are those of the list, as far as routes have them', () => {
    const routes = routesOf('a.example', 'b.example');
    const settings = settingsOf({ hosts: ['b.example', 'c.example'] });
    expect(wantedNames(routes, settings).names).toEqual(['b.example']);
    expect(unorderable(routes, settings)).toEqual({ 'c.example': expect.stringMatching(/no route has it/) });
  });

  it('follow what a route says, before the list', () => {
    const routes = [
      routeOf('no.example', { https: { certificate: 'none' } }),
      routeOf('yes.example', { https: { certificate: 'acme' } }),
      routeOf('both.example', { https: { certificate: 'none' } }),
      routeOf('both.example', { https: { certificate: 'acme' } }),
    ];
    expect(wantedNames(routes, settingsOf()).names).toEqual(['yes.example', 'both.example']);
    const listed = settingsOf({ hosts: ['no.example'] });
    expect(wantedNames(routes, listed).names).toEqual(['yes.example', 'both.example']);
  });

  it('have wildcards only where dns-01 can prove them', () => {
    const routes = routesOf('*.example.com');
    expect(unorderable(routes, settingsOf())).toEqual({ '*.example.com': expect.stringMatching(/dns-01/) });
    expect(wantedNames(routes, settingsOf(WITH_DNS)).names).toEqual(['*.example.com']);
  });

  it('have a listed wildcard for the routed names right below it', () => {
    const settings = settingsOf({ ...WITH_DNS, hosts: ['*.example.com'] });
    expect(wantedNames(routesOf('a.example.com'), settings).names).toEqual(['*.example.com']);
    expect(wantedNames(routesOf('a.b.example.com'), settings).names).toEqual([]);
  });

  it('have addresses only when listed, without brackets, and by an authority that takes them', () => {
    const routes = routesOf('192.0.2.1', '[2001:db8::1]');
    const hosts = ['192.0.2.1', '[2001:db8::1]'];
    const bare = ['192.0.2.1', '2001:db8::1'];
    expect(Object.keys(unorderable(routes, settingsOf({ hosts })))).toEqual(bare);
    const shortlived = { ...LETS_ENCRYPT, profile: 'shortlived' };
    expect(wantedNames(routes, settingsOf({ hosts, authorities: [shortlived] })).names).toEqual(bare);
    expect(wantedNames(routes, settingsOf({ hosts, authorities: [OTHER] })).names).toEqual(bare);
    const dnsOnly = settingsOf({ hosts, authorities: [OTHER], ...WITH_DNS, challenges: ['dns-01'] });
    expect(wantedNames(routes, dnsOnly).names).toEqual([]);
  });

  it('have private names only for an authority of ones own, and underscores never', () => {
    const routes = routesOf('app.internal', 'my_app.example.com');
    const hosts = ['app.internal', 'my_app.example.com'];
    expect(Object.keys(unorderable(routes, settingsOf({ hosts })))).toEqual(hosts);
    const own = settingsOf({ hosts, authorities: [authorityOf('lan', 'https://ca.lan/dir')] });
    expect(wantedNames(routes, own).names).toEqual(['app.internal']);
  });
});
