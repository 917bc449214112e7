import { z } from 'zod';
import { cidrs } from './network.ts';
import { readListenAddress, type Endpoint } from './network.ts';
import { field, flag, integer, oneOrMore, readable, section, words } from './field.ts';

/** What `listen.<name>` says. */
export interface ListenEntry {
  /** False: `listen.http: false`, there shall be no such listener. */
  readonly isOpen: boolean;
  /** At least one when open. An empty host: wherever the bind address says. */
  readonly addresses: readonly Endpoint[];
  /** What clients see; 0: the port of the first address. */
  readonly publicPort: number;
  readonly proxyProtocol: readonly string[];
  /** Undefined: plain, but for `https`. */
  readonly tls: boolean | undefined;
  /** Undefined: HTTP. */
  readonly protocol: 'tcp' | 'udp' | undefined;
}

const ADDRESS = 'a port from 0 to 65535, or address:port such as 127.0.0.1:8080 or "[::1]:8080"';
const port = () => integer(0, 65_535).transform((value): Endpoint => ({ host: '', port: value }));
const address = () => z.union([port(), readable(ADDRESS, readListenAddress)], { error: ADDRESS });

/** One or several places to listen at. */
export function addresses() {
  return oneOrMore(address(), ADDRESS);
}

/** Likewise; `false`: none. */
export function addressesOrNone() {
  const none = z.literal(false).transform((): Endpoint[] => []);
  return z.union([none, addresses()], { error: `${ADDRESS}, a list, or false for none` });
}

const detailed = section({
  port: field(integer(0, 65_535), {
    meaning: 'Port, on the bind address (DOCKER_PROXY_HOSTNAME, or all)',
    default: 'none; give exactly one of port, address and addresses',
    zero: 'the system chooses a free port, anew at each start',
  }),
  address: field(address(), { meaning: 'One address with a port', default: 'none' }),
  addresses: field(
    z.array(address(), { error: `a list of: ${ADDRESS}` }).min(1, { error: `at least one: ${ADDRESS}` }),
    {
      meaning: 'Several addresses with ports',
      default: 'none',
    },
  ),
  public: field(integer(1, 65_535), {
    meaning:
      'The port that clients see, for headers and redirects, where a port mapping (docker run -p) stands in front',
    default: 'the port itself',
    danger: 'a wrong one sends redirects to a port that nobody serves',
  }),
  proxyProtocol: field(cidrs(), {
    meaning:
      'Address blocks of balancers that begin each connection with a PROXY protocol header (v1 or v2). From these it is required; from others it is refused',
    default: 'none, no such header is expected',
    danger: 'whoever connects from one of them decides which client address is logged, limited and forwarded',
  }),
  tls: field(flag(), {
    meaning: 'Whether this listener speaks TLS; only for names other than http and https, whose names say it',
    default: 'false',
  }),
  protocol: field(words(['tcp', 'udp']), {
    meaning:
      'tcp or udp: raw streams instead of HTTP, from entries of tcp and udp and from containers that name this listener; only for names other than http and https',
    default: 'HTTP',
  }),
});

/** `80`, `127.0.0.1:80`, a list, an object, or `false`. */
export function listenEntry() {
  const expected = `${ADDRESS}, a list of them, an object {port, public, proxyProtocol, tls, protocol}, or false`;
  const off = z.literal(false).transform((): ListenEntry => entry({ isOpen: false }));
  const short = addresses().transform((list): ListenEntry => entry({ addresses: list }));
  return z.union([off, short, detailed.transform(toEntry)], { error: expected });
}

function toEntry(value: z.output<typeof detailed>, context: z.RefinementCtx): ListenEntry {
  const given = [
    value.port === undefined ? null : [{ host: '', port: value.port }],
    value.address === undefined ? null : [value.address],
    value.addresses ?? null,
  ].filter((list) => list !== null);
  if (given.length !== 1 || given[0] === undefined) {
    context.addIssue({ code: 'custom', message: 'exactly one of port, address and addresses' });
    return z.NEVER;
  }
  if (value.tls === true && value.protocol !== undefined) {
    context.addIssue({
      code: 'custom',
      message: 'tls: true, or a protocol; entries of tcp say it of each name',
      path: ['tls'],
    });
    return z.NEVER;
  }
  // Each worker would have a port of its own.
  if (value.protocol === 'udp' && given[0].some(({ port: number }) => number === 0)) {
    context.addIssue({ code: 'custom', message: 'a port from 1 to 65535' });
    return z.NEVER;
  }
  return entry({
    addresses: given[0],
    publicPort: value.public ?? 0,
    proxyProtocol: value.proxyProtocol ?? [],
    tls: value.tls,
    protocol: value.protocol,
  });
}

function entry(given: Partial<ListenEntry>): ListenEntry {
  return {
    isOpen: true,
    addresses: [],
    publicPort: 0,
    proxyProtocol: [],
    tls: undefined,
    protocol: undefined,
    ...given,
  };
}
