import { z } from 'zod';
import { canonicalFieldName, type CountedBy } from '@dproxy/core';
import { field, integer, readable, section, words } from '../field.ts';
import { cidrs } from '../network.ts';

const NAME = 'a header name';
const BY = 'client, host, {header}, or {depth, excluded, ipv6Prefix}';
/** Whoever has one IPv6 address has 2^64 of them. */
const NETWORK_OF_ONE_CLIENT = 64;

type ByClient = Extract<CountedBy, { type: 'client' }>;

/** Which address is the client's, where that is not what `trustedProxies` says. */
export const clientFields = {
  depth: field(integer(0, 32), {
    meaning: 'Which address of X-Forwarded-For counts, from the right',
    default: '0',
    zero: 'the client, as trustedProxies says who that is',
    danger: 'where fewer proxies are in front than this says, clients choose the address themselves',
  }),
  excluded: field(cidrs(), {
    meaning: 'Address blocks that are passed over in X-Forwarded-For, from the right',
    default: 'none',
  }),
};

/** `by` of filters that count. */
export function countedBy() {
  const detailed = section({
    header: field(readable(NAME, readName), {
      meaning: 'A header whose value counts, such as x-api-key; alone',
      default: 'none, the address of the client',
      danger: 'clients that send another value each time are never counted together',
    }),
    ...clientFields,
    ipv6Prefix: field(integer(0, 128), {
      meaning: 'How many bits of an IPv6 address count',
      default: String(NETWORK_OF_ONE_CLIENT),
      zero: 'all',
    }),
  })
    .superRefine(({ header, ...client }, context) => {
      const isBoth = header !== undefined && Object.values(client).some((value) => value !== undefined);
      if (isBoth) {
        const problem = 'header together with others';
        context.addIssue({ code: 'custom', message: BY, params: { problem } });
      }
    })
    .transform(({ header, depth, excluded, ipv6Prefix }): CountedBy =>
      header === undefined
        ? { ...byClient({ depth, excluded }), ipv6Prefix: ipv6Prefix ?? NETWORK_OF_ONE_CLIENT }
        : { type: 'header', name: header },
    );
  const word = words(['client', 'host']).transform((type): CountedBy => (type === 'host' ? { type } : DEFAULT_BY));
  return z.union([word, detailed], { error: BY });
}

export function byClient({
  depth,
  excluded,
}: {
  readonly depth?: number | undefined;
  readonly excluded?: readonly string[] | undefined;
}): ByClient {
  return { type: 'client', depth: depth ?? 0, excluded: excluded ?? [], ipv6Prefix: 0 };
}

export const DEFAULT_BY: ByClient = { ...byClient({}), ipv6Prefix: NETWORK_OF_ONE_CLIENT };

function readName(raw: string) {
  const name = canonicalFieldName(raw);
  return name === undefined ? { problem: 'not a header name' } : { value: name };
}
