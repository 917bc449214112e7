import { echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

/**
 * `/admin` has a backend of its own. `ambiguous`: the two readings of the path lead to different places, so that a backend
 * which reads the other way would serve what was kept from the client.
 */
const TABLE: readonly (readonly [target: string, expected: 'site' | 'admin' | 'ambiguous' | 'malformed'])[] = [
  ['/', 'site'],
  ['/administrator', 'site'],
  ['/admin', 'admin'],
  ['/admin/', 'admin'],
  ['/admin?x=/../', 'admin'],
  ['/admin/x%2Fy', 'admin'],
  ['/admin/..%2fx', 'admin'],
  ['/admin/./x', 'admin'],
  ['/admin/x/../y', 'admin'],
  ['/x?/admin', 'site'],
  ['/x/%2e%2e%2fadmin', 'site'],
  ['/a%2Fb', 'site'],
  ['/@scope%2fpackage', 'site'],
  ['/api/queues/%2F/name', 'site'],
  ['/a//b', 'site'],
  ['/a;v=1/b', 'site'],
  ['/a\\b', 'site'],
  ['/%c0%ae%c0%ae/x', 'site'],
  ['/%25%2e%2e', 'site'],
  ['/%zz', 'site'],
  ['/%', 'site'],
  ['/Admin', 'site'],
  ['/x/../admin', 'ambiguous'],
  ['/x/%2e%2e/admin', 'ambiguous'],
  ['/x/.%2E/admin', 'ambiguous'],
  ['/./admin', 'ambiguous'],
  ['//admin', 'ambiguous'],
  ['///admin/x', 'ambiguous'],
  ['/%61dmin', 'ambiguous'],
  ['/admi%6e/x', 'ambiguous'],
  ['/admin;x', 'ambiguous'],
  ['/admin;x=y/z', 'ambiguous'],
  ['/;/admin', 'ambiguous'],
  ['/\\admin', 'ambiguous'],
  ['\\admin', 'malformed'],
  ['/admin\\x', 'ambiguous'],
  ['/x/..\\admin', 'ambiguous'],
  ['/x/..;/admin', 'ambiguous'],
  ['/admin/..', 'ambiguous'],
  ['/admin/../x', 'ambiguous'],
  ['/admin/%2e%2e/x', 'ambiguous'],
  ['/admin/..;/x', 'ambiguous'],
  ['/admin//../../x', 'ambiguous'],
  ['/../admin', 'ambiguous'],
  ['/x/../../../../admin', 'ambiguous'],
  ['/admin%00', 'malformed'],
  ['/x%00/../admin', 'malformed'],
  ['/admin#x', 'malformed'],
  ['/x?a=%00', 'site'],
];

describe.each(PATHS)('row 25 on the %s path: paths', (path) => {
  it.each(TABLE)('%s goes to: %s', async (target, expected) => {
    await using site = await Origin.start(echo('site'));
    await using admin = await Origin.start(echo('admin'));
    await using edge = await startEdge({
      path,
      routes: [
        { host: 'a.example', to: site },
        { host: 'a.example', path: '/admin', to: admin },
      ],
    });
    const response = await edge.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    if (expected === 'ambiguous' || expected === 'malformed') {
      expect([response.status, site.requests.length, admin.requests.length]).toEqual([400, 0, 0]);
      return;
    }
    const seen = JSON.parse(response.body.text) as Echo;
    expect([seen.origin, seen.target]).toEqual([expected, target]);
  });

  it.each([
    ['/x%00', 400],
    ['/x/../admin', 404],
    ['//admin', 404],
    ['/%61dmin', 404],
  ])('%s is no way round a route that is the only one: %i', async (target, status) => {
    await using admin = await Origin.start(echo('admin'));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', path: '/admin', to: admin }] });
    const response = await edge.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    expect([400, status]).toContain(response.status);
    expect(admin.requests).toHaveLength(0);
  });

  it('of 16 KiB are read in one pass, whatever they are made of', async () => {
    await using site = await Origin.start(echo('site'));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: site }] });
    for (const part of ['/', '/.', '/..', '%2e', '%2f', ';', '\\', '/a;', '%', '/%2e%2e']) {
      const target = `/${part.repeat(Math.floor(16_000 / part.length))}`;
      // Where one of these took quadratic work, fifty would run into the limit of this test.
      for (let count = 0; count < 50; count++) {
        expect((await edge.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).status).toBe(200);
      }
    }
    expect((await edge.send(`GET /${'x'.repeat(16_384)} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).status).toBe(414);
  });
});
