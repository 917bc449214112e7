import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Listener } from '@dproxy/core';
import { clientKey, ClientPeer, type Endpoints, NO_CLAIMS } from '../downstream/peer.ts';
import type { Services } from '../services.ts';
import type { ClientHello } from './tls/client-hello.ts';
import { chooseTls, type TlsChoice } from './tls/tls-choice.ts';
import type { TlsFacts } from './tls-facts.ts';
import { TlsHandshake } from './tls-handshake.ts';

/** ALPN, in the order of our preference. */
const PROTOCOLS = ['h2', 'http/1.1'] as const;

export interface TlsEntranceOptions {
  readonly services: Services;
  readonly listener: Listener;
  readonly endpoints: Endpoints;
  readonly onDone: (socket: TLSSocket, facts: TlsFacts) => void;
  /** See `TlsHandshakeOptions.onPlain`. */
  readonly onPlain: () => void;
}

/** Begins the TLS of one client by the table in force when its hello has come. */
export function beginTls(raw: Socket, { services, listener, endpoints, onDone, onPlain }: TlsEntranceOptions): void {
  const { wheel, counters, log, compiled } = services;
  TlsHandshake.begin(raw, {
    wheel,
    timeoutMs: compiled.limits.tlsHandshakeMs,
    bufferBytes: compiled.limits.bufferBytes,
    choose: (hello, mayWait) => choose(hello, mayWait, { services, listener, endpoints }),
    wait: (host, resume) => wait(host, resume, services, endpoints),
    protocols: PROTOCOLS,
    onDone,
    onPlain,
    onFailed: (error) => {
      counters.countError('tls-handshake-failed');
      log.debug({ err: error, client: endpoints.remoteAddress }, 'a TLS handshake failed');
    },
  });
}

function choose(
  hello: ClientHello,
  mayWait: boolean,
  { services, listener, endpoints }: Pick<TlsEntranceOptions, 'services' | 'listener' | 'endpoints'>,
): TlsChoice {
  const { compiled, secureContexts, certificateHold } = services;
  const scope = new ClientPeer(endpoints, listener, compiled).scope(NO_CLAIMS);
  return chooseTls(hello, {
    table: compiled.tls,
    contexts: secureContexts,
    isRouted: (host) => compiled.table.lookup(host, '/', scope).outcome !== 'route-unknown',
    mayWait: mayWait && compiled.settings.tls.onDemand && certificateHold !== undefined,
  });
}

function wait(
  host: string,
  resume: () => void,
  { compiled, certificateHold }: Services,
  { remoteAddress }: Endpoints,
): (() => void) | undefined {
  const { certificateWaitMs: waitMs, heldHandshakes: maxHandshakes } = compiled.limits;
  return certificateHold?.wait(host, clientKey(remoteAddress), { waitMs, maxHandshakes, resume });
}
