import { createHash } from 'node:crypto';
import { parseAddress } from './address.ts';
import { compileCidrs, forwardedAddress } from './client-address.ts';
import type { CountedBy } from './filter.ts';

/** What of a request may be counted by. */
export interface CountedFacts {
  /** As far as it is vouched for. */
  readonly client: string;
  /** `x-forwarded-for` as a trusted proxy sent it; empty from everybody else, who may write there whatever they like. */
  readonly forwardedFor: string;
  readonly host: string;
  /** First value; empty when absent. @param name lower case */
  header(name: string): string;
}

type ClientFacts = Pick<CountedFacts, 'client' | 'forwardedFor'>;

/** Longer ones are hashed: a key costs the same whatever a client sends. */
const MAX_KEY = 64;
/** Entries of `x-forwarded-for` that are looked at, from the right. */
const MAX_HOPS = 32;

/** @returns gives the key of a request, of at most 64 characters @throws RangeError for what is no range */
export function compileCountedBy(by: CountedBy): (facts: CountedFacts) => string {
  switch (by.type) {
    case 'client': {
      const clientOf = compileClientOf(by);
      return (facts) => shortKey(clientOf(facts));
    }
    case 'header':
      return (facts) => shortKey(facts.header(by.name));
    case 'host':
      return ({ host }) => shortKey(host);
    default:
      return by satisfies never;
  }
}

/** @returns gives the client's address as it is counted: a network where only a prefix counts @throws RangeError */
export function compileClientOf({
  depth,
  excluded,
  ipv6Prefix,
}: Extract<CountedBy, { type: 'client' }>): (facts: ClientFacts) => string {
  const isExcluded = compileCidrs(excluded);
  const choose = ({ client, forwardedFor }: ClientFacts): string => {
    if (forwardedFor === '' || (depth === 0 && excluded.length === 0)) return client;
    const hops = forwardedFor.split(',').slice(-MAX_HOPS).reverse();
    const hop = depth > 0 ? hops[depth - 1] : hops.find((entry) => !isExcluded(forwardedAddress(entry.trim()) ?? ''));
    return forwardedAddress((hop ?? '').trim()) ?? client;
  };
  return ipv6Prefix === 0 ? choose : (facts) => networkOf(choose(facts), ipv6Prefix);
}

function networkOf(address: string, ipv6Prefix: number): string {
  const parsed = parseAddress(address);
  if (parsed === undefined || parsed.kind() === 'ipv4') return address;
  const bytes = parsed.toByteArray().map((byte, index) => {
    const bits = Math.min(8, Math.max(0, ipv6Prefix - index * 8));
    return byte & (0xff00 >> bits) & 0xff;
  });
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return `${groups.join(':')}/${ipv6Prefix}`;
}

/** A copy: strings of a request's head share its memory, and a key lives longer. */
function shortKey(key: string): string {
  if (key.length <= MAX_KEY) return Buffer.from(key, 'latin1').toString('latin1');
  return `#${createHash('sha256').update(key).digest('base64url')}`;
}
