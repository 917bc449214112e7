import { z } from 'zod';
import type { PortRange } from '@dproxy/core';
import { field, integer, oneOrMore, readable, section, type Read } from './field.ts';
import { tcpEntry } from './tcp-entry.ts';
import { udpEntry } from './udp-entry.ts';

const PORTS = 'a port from 1 to 65535, or a range such as 500-599';
const port = () => integer(1, 65_535).transform((value): PortRange => ({ from: value, to: value }));
const ports = () => z.union([port(), readable(PORTS, readPortRange)], { error: PORTS });

/** `tcp.allow` */
export const allowedPorts = oneOrMore(ports(), PORTS, 0);

const tcpList = z.array(tcpEntry, { error: 'a list of TCP listeners' });

/** A list of entries, or a map with the list under `routes`. */
export const tcpSection = z.union(
  [
    tcpList,
    section({
      allow: field(allowedPorts, {
        meaning:
          'Ports below 1024 that containers may ask for, for TCP, UDP and HTTP alike; from 1024 on every container may open a port',
        default: 'none',
        danger: 'a container that takes the port of a known service is taken for it',
      }),
      routes: field(tcpList, { meaning: 'The entries, where tcp is not a list itself', default: 'none' }),
    }),
  ],
  { error: 'a list of TCP listeners, or {allow, routes}' },
);

export const udpSection = z.array(udpEntry, { error: 'a list of UDP listeners' });

/** `500-599`, both ends included. */
function readPortRange(raw: string): Read<PortRange> {
  const parts = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(raw.trim());
  if (parts === null) return { problem: 'no port' };
  const [from, to] = [Number(parts[1]), Number(parts[2] ?? parts[1])];
  if (from < 1 || to > 65_535) return { problem: 'ports go from 1 to 65535' };
  return from > to ? { problem: 'the range ends before it begins' } : { value: { from, to } };
}
