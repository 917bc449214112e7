import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileTlsPolicies } from './tls-policies.ts';
import type { TlsPolicy } from './tls-policy.ts';

const label = fc.constantFrom('a', 'b', 'www', 'xn--c');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = fc.oneof(
  name,
  name.map((host) => `*.${host}`),
);

function policyOf(id: string): TlsPolicy {
  return { id, profile: 'modern', clientCertificates: 'none', clientCaPem: '' };
}

/** By the words of the rule, one pattern after another. */
function slowly(ids: readonly string[], host: string): string | undefined {
  const bare = host.startsWith('www.') ? host.slice(4) : host;
  const wildcards = ids.filter(
    (id) => id.startsWith('*.') && host.endsWith(id.slice(1)) && host.length > id.length - 1,
  );
  const longest = wildcards.toSorted((a, b) => b.length - a.length)[0];
  return ids.find((id) => id === host) ?? ids.find((id) => id === bare) ?? longest;
}

// CVE-2026-27588: a matcher that decided otherwise from a certain number of hosts on.
it.each([0, 1, 2, 99, 100, 101])('finds the same policy as a slow search, among %s others', (count) => {
  const others = Array.from({ length: count }, (_, index) => `h${index}.test`);
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { maxLength: 12 }), name, (ids, host) => {
      const all = [...others, ...ids];
      expect(compileTlsPolicies(all.map(policyOf))(host)?.id).toBe(slowly(all, host));
    }),
  );
});
