import { canonicalHost } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { nginxProxy } from './index.ts';

const NAMES = [
  'VIRTUAL_HOST_MULTIPORTS',
  'VIRTUAL_PORT',
  'VIRTUAL_PATH',
  'VIRTUAL_DEST',
  'VIRTUAL_PROTO',
  'HTTPS_METHOD',
  'HSTS',
  'NETWORK_ACCESS',
  'LETSENCRYPT_HOST',
  'CERT_NAME',
  'EXTERNAL_HTTP_PORT',
];
const SIGNS = '~^$*.,/\\()[]{}?+|:&!<>#\'"-a1 \n=@%';
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...Array.from(SIGNS)) }),
  fc.constantFrom('/', '~^/x', '= /y', '*.a.test', 'a.*', '{"a.test": {"/": {"port": 1}}}', 'redirect', 'off', '80'),
);

test('whatever anybody writes: nothing throws, hosts are canonical, and messages are one line', () => {
  fc.assert(
    fc.property(value, fc.dictionary(fc.constantFrom(...NAMES), value), (host, others) => {
      const input = inputOf({ variables: { ...others, VIRTUAL_HOST: host } });
      const dialect = nginxProxy({ defaultHost: host, defaultRoot: 404 });
      const { services, problems } = dialect.read({ ...input, offers: dialect.offers?.(input) ?? [] });
      for (const service of services) {
        expect(service.hosts.every((each) => each === '*' || canonicalHost(each) === each)).toBe(true);
        expect(service.path.startsWith('/')).toBe(true);
        expect(Number.isSafeInteger(service.priority)).toBe(true);
      }
      expect(new Set(services.map(({ service }) => service)).size).toBe(services.length);
      for (const { message, expected } of problems)
        expect(`${message}${expected}`).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    }),
    { numRuns: 500 },
  );
});
