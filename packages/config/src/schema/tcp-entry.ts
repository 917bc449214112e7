import { isAddressHost } from '@dproxy/core';
import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section, text, words, type Read } from './field.ts';
import { healthCheck } from './health.ts';
import { HOST, readHost } from './host-name.ts';
import { streamListen } from './stream-listen.ts';
import { cidrs, proxyProtocolVersion } from './network.ts';
import { duration } from './units.ts';
import { readTcpUpstream, targetOf } from './upstream-url.ts';
import { wakeName } from './wake.ts';

const TARGET = 'host:port';
const SNI = `${HOST}, or "*"`;

const backend = () => {
  const address = () => readable(TARGET, readTcpUpstream);
  const weighted = section({
    address: required(address(), { meaning: 'Where the backend listens: host:port' }),
    weight: field(integer(0, 1_000), {
      meaning: 'Relative share of the connections',
      default: '1',
      zero: 'takes no new connections',
    }),
    proxyProtocol: proxyProtocolVersion(),
  });
  return z.union(
    [
      address().transform((upstream) => targetOf(upstream, {})),
      weighted.transform(({ address: upstream, ...options }) => targetOf(upstream, options)),
    ],
    { error: `${TARGET}, or {address, weight, proxyProtocol}` },
  );
};

/** What an entry of `tcp` and a label of a container can say alike. */
export const tcpOptions = {
  sni: field(oneOrMore(readable(SNI, readServerName), SNI), {
    meaning:
      'Server names (SNI) of TLS: the entry takes only connections for them. "*" takes all, also clients that name none. *.example.com takes any depth below example.com',
    default: 'none, the port is not looked into',
  }),
  tls: field(words(['none', 'terminate', 'passthrough']), {
    meaning:
      'What happens to TLS. none: bytes pass as they come. passthrough: the name is read, and bytes pass as they come. terminate: TLS ends here, with the certificate of the name, and the backend is spoken to in clear',
    default: 'passthrough where sni is given, else none',
  }),
  alpn: field(oneOrMore(text('a protocol such as h2 or postgresql', 255), 'a protocol such as h2', 0), {
    meaning:
      'Protocols (ALPN) of which the client must offer one, else the entry does not take it. With terminate the first that both know is agreed on',
    default: 'any',
  }),
  clients: field(cidrs(), {
    meaning: 'Address blocks of clients that may connect; others are cut off',
    default: 'everybody',
  }),
  connectionsPerClient: field(integer(0, 100_000), {
    meaning: 'Connections of one client address at the same time, per worker',
    default: '0',
    zero: 'no limit but that of limits.connectionsPerClient',
  }),
  priority: field(integer(0, 2_000_000_000), {
    meaning: 'Among entries that take the same connection the higher comes first, then the more specific name',
    default: '0',
  }),
  idle: field(duration(0), {
    meaning: 'A connection without a byte either way is closed after it, in ms or as 10m',
    default: 'limits.tunnelIdleMs',
    zero: 'the default',
  }),
  health: field(healthCheck('tcp'), {
    meaning:
      'How its backends are checked: tcp, grpc, a path such as /health, or a map; one that fails takes no connections until it passes again',
    default: 'none, they are not checked',
  }),
} as const;

/** One entry of `tcp`. */
export const tcpEntry = section({
  listen: required(streamListen(), {
    meaning:
      'Where to listen: a port, address:port, a list of them, or the name of a listener (https shares its port with the sites). The first port is the name of the listener, tcp:<port>',
  }),
  to: required(oneOrMore(backend(), TARGET), {
    meaning: 'Where the bytes go: host:port, {address, weight, proxyProtocol}, or a list, balanced round robin',
    danger: 'without sni TCP has no names: whoever reaches the port reaches the backend',
  }),
  wake: field(wakeName(), {
    meaning:
      'The containers behind to, which a connection starts when they sleep: the name of their compose project, of their group (dproxy.wake.group) or of one container, see docs/sleeping.md',
    default: 'none: they are neither started nor known',
  }),
  ...tcpOptions,
  proxyProtocol: field(cidrs(), {
    meaning: 'Address blocks of balancers that begin each connection with a PROXY protocol header',
    default: 'none',
  }),
}).superRefine((value, context) => {
  if (value.sni !== undefined && value.tls === 'none') {
    const message = 'passthrough or terminate: without TLS there are no names';
    context.addIssue({ code: 'custom', message, path: ['tls'] });
  }
  if (value.listen.name !== '' && value.proxyProtocol !== undefined) {
    const message = `no proxyProtocol here: listen.${value.listen.name} says it`;
    context.addIssue({ code: 'custom', message, path: ['proxyProtocol'] });
  }
});

export type TcpListenEntry = z.output<typeof tcpEntry>;

/** `*`, or what a route takes as a host; an address is no server name (RFC 6066 section 3). */
export function readServerName(raw: string): Read<string> {
  if (raw === '*') return { value: raw };
  const host = readHost(raw);
  return 'value' in host && isAddressHost(host.value) ? { problem: 'an address is no server name' } : host;
}
