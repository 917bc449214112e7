import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section } from './field.ts';
import { cidrs } from './network.ts';
import { streamListen } from './stream-listen.ts';
import { duration } from './units.ts';
import { readUdpUpstream, targetOf } from './upstream-url.ts';

const TARGET = 'host:port';

const backend = () => {
  const address = () => readable(TARGET, readUdpUpstream);
  const weighted = section({
    address: required(address(), { meaning: 'Where the backend listens: host:port' }),
    weight: field(integer(0, 1_000), {
      meaning: 'Relative share of the sessions',
      default: '1',
      zero: 'takes no new sessions',
    }),
  });
  return z.union(
    [
      address().transform((upstream) => targetOf(upstream, {})),
      weighted.transform(({ address: upstream, weight }) => targetOf(upstream, { weight })),
    ],
    { error: `${TARGET}, or {address, weight}` },
  );
};

/** What an entry of `udp` and a label of a container can say alike. */
export const udpOptions = {
  clients: field(cidrs(), {
    meaning: 'Address blocks of clients that may send; datagrams of others are dropped',
    default: 'everybody',
  }),
  sessionsPerClient: field(integer(0, 100_000), {
    meaning: 'Sessions of one client address at the same time, per worker',
    default: '0',
    zero: 'no limit but that of limits.udpSessionsPerClient',
  }),
  idle: field(duration(0), {
    meaning: 'A session without a datagram either way ends after it, in ms or as 3s',
    default: 'limits.udpIdleMs',
    zero: 'the default',
  }),
} as const;

/** One entry of `udp`. */
export const udpEntry = section({
  listen: required(streamListen(), {
    meaning:
      'Where to listen: a port, address:port, a list of them, or the name of a listener. The first port is the name of the listener, udp:<port>',
  }),
  to: required(oneOrMore(backend(), TARGET), {
    meaning: 'Where the datagrams go: host:port, {address, weight}, or a list, balanced round robin by session',
    danger:
      'senders can be invented: a backend whose answers are larger than the questions lets others attack whoever it seems to answer',
  }),
  ...udpOptions,
});

export type UdpListenEntry = z.output<typeof udpEntry>;
