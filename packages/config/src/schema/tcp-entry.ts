import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section } from './field.ts';
import { addresses } from './listen.ts';
import { cidrs, proxyProtocolVersion } from './network.ts';
import { readTcpUpstream, targetOf } from './upstream-url.ts';

const TARGET = 'host:port';

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

/** One entry of `tcp`. */
export const tcpEntry = section({
  listen: required(addresses(), {
    meaning: 'Where to listen: a port, address:port, or a list. The first port is the name of the listener, tcp:<port>',
  }),
  to: required(oneOrMore(backend(), TARGET), {
    meaning: 'Where the bytes go: host:port, {address, weight, proxyProtocol}, or a list, balanced round robin',
    danger: 'TCP has no names: whoever reaches the port reaches the backend',
  }),
  proxyProtocol: field(cidrs(), {
    meaning: 'Address blocks of balancers that begin each connection with a PROXY protocol header',
    default: 'none',
  }),
}).superRefine((value, context) => {
  if (value.listen.some(({ port }) => port === 0)) {
    context.addIssue({ code: 'custom', message: 'a port from 1 to 65535', path: ['listen'] });
  }
});

export type TcpListenEntry = z.output<typeof tcpEntry>;
