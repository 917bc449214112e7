import type { Filter } from '@dproxy/core';
import { listenerOf } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { ask, values } from './fixtures/ask.ts';

const scheme = (to: 'http' | 'https', port = 0, permanent = false): Filter => ({
  type: 'redirectScheme',
  scheme: to,
  port,
  permanent,
});
const pattern = (source: string, replacement: string): Filter => ({
  type: 'redirectPattern',
  pattern: source,
  replacement,
  permanent: false,
});

async function answer(filter: Filter, target: string, more = {}): Promise<[status: number, location: string]> {
  const { response } = await ask([filter], { target, ...more });
  return [response.status, values(response, 'location').join(' | ')];
}

it.each<[string, Filter, object, [number, string]]>([
  ['302 for GET', scheme('https'), {}, [302, 'https://a.test/x?y']],
  ['302 for HEAD', scheme('https'), { method: 'HEAD' }, [302, 'https://a.test/x?y']],
  ['307 for others', scheme('https'), { method: 'PURGE' }, [307, 'https://a.test/x?y']],
  ['301', scheme('https', 0, true), {}, [301, 'https://a.test/x?y']],
  ['308', scheme('https', 0, true), { method: 'DELETE' }, [308, 'https://a.test/x?y']],
  ['a port', scheme('https', 8443), { host: 'a.test:80' }, [302, 'https://a.test:8443/x?y']],
  ['no port that goes without saying', scheme('https', 443), {}, [302, 'https://a.test/x?y']],
  ['the same scheme elsewhere', scheme('http', 8080), {}, [302, 'http://a.test:8080/x?y']],
  ['nothing when it is there', scheme('http', 8080), { host: 'a.test:8080' }, [200, '']],
  ['nothing when it has the scheme', scheme('http'), {}, [200, '']],
  [
    'nothing when a trusted proxy had the scheme',
    scheme('https'),
    { settings: { trustedProxies: ['127.0.0.1'] }, headers: 'X-Forwarded-Proto: https\r\n' },
    [200, ''],
  ],
  [
    'a client that only says so',
    scheme('https'),
    { headers: 'X-Forwarded-Proto: https\r\n' },
    [302, 'https://a.test/x?y'],
  ],
])('redirects to another scheme: %s', async (_, filter, more, expected) => {
  expect(await answer(filter, '/x?y', more)).toEqual(expected);
});

it.each([
  ['of all listeners', []],
  ['of plain HTTP alone', ['http']],
])('names the port that clients see, for a route %s', async (_, only) => {
  const listeners = [listenerOf(), listenerOf({ protocol: 'https', publicPort: 8443 })];
  const routes = [{ host: 'a.test', to: { port: 1 }, filters: [scheme('https')], listeners: only }];
  await using edge = await startEdge({ routes, listeners });
  using client = await edge.connect();
  await client.write(getRequest('a.test', '/x'));
  expect(values(await client.readResponse(), 'location')).toEqual(['https://a.test:8443/x']);
});

it.each<[Filter, string, [number, string]]>([
  [pattern('^http://a\\.test/(.*)', 'https://b.test/${1}'), '/x?y', [302, 'https://b.test/x?y']],
  [pattern('^https?://[^/]+(.*)', 'https://new.test$1'), '//evil.test', [302, 'https://new.test//evil.test']],
  [pattern('^http://c', 'https://b'), '/x', [200, '']],
  [pattern('^(.*)$', '$1'), '/x', [200, '']],
  [pattern('^https?://[^/]+/(.*)', '/n/$1'), '/%0d%0aX:%20y', [302, '/n/%0d%0aX:%20y']],
  // A host is nothing that a path may choose.
  [pattern('^https?://[^/]+/(.*)', 'https://new.test$1'), '/.evil.test/', [400, '']],
  [pattern('^https?://[^/]+/(.*)', 'https://new.test$1'), '/@evil.test/', [400, '']],
  [pattern('^https?://[^/]+/(.*)', 'https://new.test$1'), '/:80@evil.test/', [400, '']],
  [pattern('^https?://[^/]+(.*)', '$1'), '//evil.test/', [302, '/evil.test/']],
  [pattern('^https?://[^/]+(.*)', '$1'), '/\\evil.test/', [302, '/evil.test/']],
  [pattern('^https?://[^/]+/(.*)', '/de/ä $1'), '/x', [302, '/de/%C3%A4%20x']],
])('%j sends %s to %j', async (filter, target, expected) => {
  expect(await answer(filter, target)).toEqual(expected);
});
