import { z } from 'zod';
import { DNS_PROVIDERS, type DnsProviderRow, isDnsProviderName } from '../settings/dns-providers.ts';
import type { DnsSettings } from '../settings/settings.ts';
import { required, words } from './field.ts';

const PROVIDERS = Object.keys(DNS_PROVIDERS) as [string, ...string[]];

/**
 * `acme.dns`: a provider and its options. Which options there are is in the table of providers; what is not given comes from
 * the provider's environment variables, so that a missing one is found when the provider is used, not here.
 */
export function acmeDns() {
  const provider = required(words(PROVIDERS), {
    meaning: `Who has the DNS: ${PROVIDERS.join(', ')}. Beside it stand its options, see docs/dns-providers.md; secrets are better in its environment variables`,
  });
  const value = z.union([z.string(), z.number(), z.boolean()], { error: 'a text' });
  return z
    .object({ provider }, { error: '{provider, and its options}' })
    .catchall(value)
    .transform((said, context): DnsSettings => {
      const { provider: name, ...rest } = said;
      const options = Object.entries(rest).map(([key, option]) => [key, String(option)] as const);
      const row: DnsProviderRow | undefined = isDnsProviderName(name) ? DNS_PROVIDERS[name] : undefined;
      if (row !== undefined) checkOptions(row, new Map(options), context);
      return { provider: name, options: Object.fromEntries(options) };
    });
}

/** No message quotes a value: a token under a mistyped key is still a token. */
function checkOptions(
  { options, together }: DnsProviderRow,
  said: ReadonlyMap<string, string>,
  context: z.core.$RefinementCtx,
): void {
  const known = Object.keys(options);
  const unknown = [...said.keys()].filter((key) => !Object.hasOwn(options, key));
  if (unknown.length > 0) {
    context.addIssue({
      code: 'unrecognized_keys',
      keys: unknown,
      message: ['provider', ...known].join(', '),
      input: {},
    });
  }
  for (const set of together) {
    const missing = set.filter((key) => !said.has(key) && (options[key]?.env.length ?? 0) === 0);
    if (missing.length === 0 || missing.length === set.length) continue;
    const message = `${set.join(' and ')} together`;
    context.addIssue({ code: 'custom', message, params: { problem: `no ${missing.join(', ')}` }, input: {} });
  }
}
