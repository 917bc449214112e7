import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section } from './field.ts';
import { addresses } from './listen.ts';
import { cidrs } from './network.ts';
import { readTcpUpstream } from './upstream-url.ts';

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
  });
  return z.union(
    [
      address().transform((upstream) => ({ upstream, weight: 1 })),
      weighted.transform((value) => ({ upstream: value.address, weight: value.weight ?? 1 })),
    ],
    { error: `${TARGET}, or {address, weight}` },
  );
};

/** One entry of `tcp`. */
export const tcpEntry = section({
  listen: required(addresses(), {
    meaning: 'Where to listen: a port, address:port, or a list. The first port is the name of the listener, tcp:<port>',
  }),
  to: required(oneOrMore(backend(), TARGET), {
    meaning: 'Where the bytes go: host:port, {address, weight}, or a list, balanced round robin',
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
