import type { HealthRules } from '@dproxy/core';
import { z } from 'zod';
import { integer, required, section } from '../schema/field.ts';
import { tcpOptions } from '../schema/tcp-entry.ts';
import { udpOptions } from '../schema/udp-entry.ts';

/** `dproxy.<service>.tcp` and `dproxy.<service>.udp`: raw bytes to one port of the container. Absent parts are the defaults. */
export interface StreamLabels {
  /** A public port, or the name of a listener. */
  readonly listen: number | string;
  readonly sni: readonly string[] | undefined;
  readonly tls: 'none' | 'terminate' | 'passthrough' | undefined;
  readonly alpn: readonly string[] | undefined;
  readonly clients: readonly string[] | undefined;
  readonly connectionsPerClient: number | undefined;
  readonly priority: number | undefined;
  /** Milliseconds. */
  readonly idle: number | undefined;
  readonly health: HealthRules | undefined;
}

const LISTEN = 'a port from 1 to 65535, or the name of a listener';

const listen = () =>
  z.union([integer(1, 65_535), z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, { error: LISTEN })], { error: LISTEN });

const listenField = () =>
  required(listen(), { meaning: 'The public port, from 1024 on or in tcp.allow; or the name of a listener' });

/** The same options as an entry of `tcp` or `udp` has; the address is the container's. */
export function streamLabels(protocol: 'tcp' | 'udp'): z.ZodType<StreamLabels> {
  const short = listen().transform((value): StreamLabels => ({ ...NOTHING, listen: value }));
  const detailed = protocol === 'tcp' ? detailedTcp() : detailedUdp();
  return z.union([short, detailed], { error: `${LISTEN}, or options with listen` });
}

const NOTHING = {
  sni: undefined,
  tls: undefined,
  alpn: undefined,
  clients: undefined,
  connectionsPerClient: undefined,
  priority: undefined,
  idle: undefined,
  health: undefined,
};

function detailedTcp() {
  return section({ listen: listenField(), ...tcpOptions })
    .superRefine((value, context) => {
      if (value.sni === undefined || value.tls !== 'none') return;
      const message = 'passthrough or terminate: without TLS there are no names';
      context.addIssue({ code: 'custom', message, path: ['tls'] });
    })
    .transform((value): StreamLabels => ({ ...NOTHING, ...value }));
}

function detailedUdp() {
  return section({ listen: listenField(), ...udpOptions }).transform(
    ({ sessionsPerClient, ...value }): StreamLabels => ({
      ...NOTHING,
      ...value,
      connectionsPerClient: sessionsPerClient,
    }),
  );
}
