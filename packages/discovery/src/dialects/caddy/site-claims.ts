import { DEFAULT_BALANCE, type Condition, type RouteHttps } from '@dproxy/core';
import type { ServiceClaims } from '../dialect.ts';
import { PLAIN_SERVICE } from '../plain-service.ts';
import { rankOf } from './directives.ts';
import type { Leaf } from './leaves.ts';
import type { Line } from './lines.ts';
import { conjunction } from './matcher-set.ts';
import type { SiteAddresses } from './site-addresses.ts';

/** Above what the longest host and path count by themselves. */
const FIRST_PRIORITY = 10_000;
const PER_RANK = 1_000_000;
const PER_CHARACTER = 128;
const MAX_PATH = 1_000;

export interface Site {
  /** Unique in the container. */
  readonly name: string;
  readonly addresses: readonly SiteAddresses[];
  readonly https: Partial<RouteHttps>;
  readonly leaves: readonly Leaf[];
}

/** What a site asks for: each way, at each address, to each of its ports. */
export function claimsOfSite({ name, addresses, https, leaves }: Site): readonly ServiceClaims[] {
  const priorities = prioritiesOf(leaves);
  return leaves.flatMap((leaf, way) =>
    addresses.flatMap((address, place) =>
      claimsOfLeaf(leaf).map((claims, port) => ({
        ...claims,
        ...placed(address, https),
        service: [name, way, place, port].join('.'),
        condition: conditionAt(address, leaf),
        priority: priorities[way] ?? 0,
        filters: leaf.filters,
        fallThrough: false,
      })),
    ),
  );
}

/**
 * The order of the ways, as numbers: a way without conditions has none of its own. They follow from the directive and its path,
 * so that sites of the same name on several containers stand in the order in which Caddy would sort them together.
 */
function prioritiesOf(leaves: readonly Leaf[]): readonly number[] {
  const priorities: number[] = [];
  let above = FIRST_PRIORITY - 1;
  for (const { conditions, line } of leaves.toReversed()) {
    const isPlain = conditions.length === 0;
    if (!isPlain) above = Math.max(weightOf(line), above + 1);
    priorities.unshift(isPlain ? 0 : above);
  }
  return priorities;
}

function weightOf({ name, path, hasMatcher }: Line): number {
  const ranks = rankOf('reverse_proxy') - rankOf(name);
  const length = Math.min(MAX_PATH, path.replace(/\*$/, '').length);
  const matcher = path === '' ? Number(hasMatcher) : (length + 1) * PER_CHARACTER;
  return FIRST_PRIORITY + ranks * PER_RANK + matcher;
}

function claimsOfLeaf({ end }: Leaf): readonly ServiceClaims[] {
  if ('answer' in end) return [{ ...PLAIN_SERVICE, answer: end.answer }];
  const { upstreams, transport, balance, health } = end.proxy;
  const { tlsVerify, proxyProtocol, timeouts } = transport;
  return upstreams.map((own) => ({
    ...PLAIN_SERVICE,
    ...own,
    tlsVerify,
    proxyProtocol,
    timeouts,
    balance: { ...DEFAULT_BALANCE, ...balance },
    health,
  }));
}

function placed(
  { hosts, publicPorts, isPlain }: SiteAddresses,
  https: Partial<RouteHttps>,
): Pick<ServiceClaims, 'hosts' | 'publicPorts' | 'listeners' | 'https'> {
  if (!isPlain) return { hosts, publicPorts, listeners: [], https };
  // A listener of its own port is plain already.
  const listeners = publicPorts.length === 0 ? ['http'] : [];
  return { hosts, publicPorts, listeners, https: { ...https, redirect: 0, certificate: 'none' } };
}

/** Of a wildcard Caddy takes one label, dproxy any number. */
function conditionAt({ wildcard }: SiteAddresses, { conditions, excluded }: Leaf): Condition | null {
  const host: readonly Condition[] = wildcard === '' ? [] : [{ type: 'host', host: wildcard }];
  const none: readonly Condition[] = excluded.length === 0 ? [] : [{ type: 'none', of: excluded }];
  return conjunction([...host, ...conditions, ...none]);
}
