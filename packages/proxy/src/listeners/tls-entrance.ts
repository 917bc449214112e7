import type { Socket } from 'node:net';
import { clientKey } from '../client/client-key.ts';
import type { Endpoints } from '../client/endpoints.ts';
import type { Services } from '../services.ts';
import { chooseEntrance, type Entrance } from './choose-entrance.ts';
import { type CertificateWait, TlsHandshake, type TlsHandshakeOptions } from './tls-handshake.ts';

export interface TlsEntranceOptions extends Entrance, Pick<TlsHandshakeOptions, 'onDone' | 'onPass' | 'onPlain'> {}

/** Begins the TLS of one client by the table in force when its hello has come. */
export function beginTls(raw: Socket, options: TlsEntranceOptions): void {
  const { services, endpoints, onDone, onPass, onPlain } = options;
  const { wheel, counters, log, compiled } = services;
  TlsHandshake.begin(raw, {
    wheel,
    timeoutMs: compiled.limits.tlsHandshakeMs,
    bufferBytes: compiled.limits.bufferBytes,
    choose: (hello, tried) => chooseEntrance(hello, tried, options),
    wait: (what, resume) => wait(what, resume, services, endpoints),
    onDone,
    onPass,
    onPlain,
    onFailed: (error) => {
      counters.countError('tls-handshake-failed');
      log.debug({ err: error, client: endpoints.remoteAddress }, 'a TLS handshake failed');
    },
  });
}

function wait(
  { host, until }: CertificateWait,
  resume: () => void,
  { compiled, certificateHold, leafHold }: Services,
  { remoteAddress }: Endpoints,
): (() => void) | undefined {
  const { certificateWaitMs, leafWaitMs, heldHandshakes: maxHandshakes } = compiled.limits;
  const client = clientKey(remoteAddress);
  switch (until) {
    case 'ordered':
      return certificateHold?.wait(host, client, { waitMs: certificateWaitMs, maxHandshakes, resume });
    case 'any':
      return leafHold.wait(host, client, { waitMs: leafWaitMs, maxHandshakes, resume });
    default:
      return until satisfies never;
  }
}
