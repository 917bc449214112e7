import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DNS_PROVIDERS, type DnsProviderRow } from './dns-providers.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/dns-providers.md', import.meta.url), 'utf8');
const COMMON = ['ttl', 'timeoutMs', 'propagationCheck', 'propagationMs'];
const ROWS: readonly (readonly [string, DnsProviderRow])[] = Object.entries(DNS_PROVIDERS);
const rowsOf = (pattern: RegExp) => [...DOCUMENT.matchAll(pattern)].map((match) => match[1] ?? '');

it.each(ROWS)('docs/dns-providers.md has every option and variable of %s', (provider, { options }) => {
  expect(DOCUMENT).toContain(`provider: ${provider}`);
  for (const [name, { env }] of Object.entries(options)) {
    expect(DOCUMENT).toContain(`\`${name}\``);
    if (!COMMON.includes(name)) for (const variable of env) expect(DOCUMENT).toContain(`\`${variable}\``);
  }
});

it('docs/dns-providers.md has no variable that is not read', () => {
  const known = new Set(ROWS.flatMap(([, { options }]) => Object.values(options).flatMap(({ env }) => env)));
  const named = rowsOf(/`([A-Z][A-Z0-9]+_[A-Z0-9_]+)`/g).filter((name) => !/^(SSL_CERT_|LC_ALL)/.test(name));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it.each(ROWS)('what %s needs are options that it has', (_, { options, needs, together }) => {
  expect([...needs, ...together].flat().filter((name) => !Object.hasOwn(options, name))).toEqual([]);
});
