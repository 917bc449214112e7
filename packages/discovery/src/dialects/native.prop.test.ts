import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalHost } from '@dproxy/core';
import { inputOf } from './_input-of.ts';
import { native } from './native.ts';

const word = fc.oneof(
  fc.constantFrom('host', 'port', 'path', 'headers', 'request', 'set', 'timeouts', 'web', '', '__proto__', 'X-A'),
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const label = fc.array(word, { maxLength: 6 }).map((words) => ['dproxy', ...words].join('.'));
const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('80', 'true', 'a.test,b.test', '/x', '5s'));

test('any labels at all give services with canonical hosts and finite values, or problems', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(label, value), { maxLength: 20 }), (entries) => {
      const { services, problems } = native.read(inputOf({ labels: new Map(entries) }));
      for (const { hosts, port, path, weight } of services) {
        for (const host of hosts) expect(canonicalHost(host)).toBe(host);
        expect(port === undefined || (port >= 1 && port <= 65_535)).toBe(true);
        expect(path.startsWith('/')).toBe(true);
        expect(weight >= 0 && weight <= 1_000).toBe(true);
      }
      for (const { message } of problems) expect(message).not.toMatch(/\p{Cc}/u);
    }),
  );
});
