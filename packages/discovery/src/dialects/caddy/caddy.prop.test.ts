import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { caddy } from './index.ts';

const NAMES = (
  '@m @n handle handle_path route reverse_proxy respond redir rewrite uri header basic_auth forward_auth tls import encode ' +
  'request_body path not transport bob max_size to lb_policy health_uri file_server __proto__ constructor'
).split(' ');
const VALUES = (
  '~*~@m~/a/*~/a~*.php~/ü*~{{upstreams 80}}~{{upstreams}}~{{.Name}}~path /a~not path /a~internal~a~(s)~s~200~"x" 403~' +
  '/x{path}~https://b.test{uri}~X-A b~-X-A~strip_prefix /a~"~`~\\~{~}~\u0000~😀~a.test~10MB~http~$2a$10$'
).split('~');

const segment = fc
  .tuple(fc.constantFrom('', '1_', '2_'), fc.constantFrom(...NAMES), fc.constantFrom('', '_0', '_1'))
  .map((parts) => parts.join(''));
const label = fc
  .tuple(fc.constantFrom('caddy', 'caddy_1'), fc.array(segment, { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join('.'));
const value = fc
  .array(fc.oneof(fc.constantFrom(...VALUES), fc.string()), { maxLength: 3 })
  .map((list) => list.join(' '));
const labels = fc
  .dictionary(label, value, { maxKeys: 24 })
  .map((found) => ({ ...found, caddy: 'a.test', caddy_1: '(s)' }));

it('reads whatever labels say, and serves no site that it has called left out', () => {
  const dialect = caddy({});
  fc.assert(
    fc.property(labels, labels, (own, others) => {
      const offers = dialect.offers?.(inputOf({ name: 'other', labelled: others })) ?? [];
      const { services, problems } = dialect.read(inputOf({ labelled: own }, { offers }));
      expect(new Set(services.map(({ service }) => service)).size).toBe(services.length);
      for (const { hosts } of services) expect(hosts.length).toBeGreaterThan(0);
      const left = problems.filter(({ message }) => /the site a\.test is left out/.test(message));
      if (left.length > 0) expect(services.filter(({ hosts }) => hosts.includes('a.test'))).toEqual([]);
      for (const { message } of problems) expect(message).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 300 },
  );
});
