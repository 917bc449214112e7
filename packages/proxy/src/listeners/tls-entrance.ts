import type { Socket } from 'node:net';
import { clientKey, type Endpoints } from '../downstream/peer.ts';
import type { Services } from '../services.ts';
import { chooseEntrance, type Entrance } from './choose-entrance.ts';
import { TlsHandshake, type TlsHandshakeOptions } from './tls-handshake.ts';

export interface TlsEntranceOptions extends Entrance, Pick<TlsHandshakeOptions, 'onDone' | 'onPass' | 'onPlain'> {}

/** Begins the TLS of one client by the table in force when its hello has come. */
export function beginTls(raw: Socket, options: TlsEntranceOptions): void {
  const { services, endpoints, onDone, onPass, onPlain } = options;
  const { wheel, counters, log, compiled } = services;
  TlsHandshake.begin(raw, {
    wheel,
    timeoutMs: compiled.limits.tlsHandshakeMs,
    bufferBytes: compiled.limits.bufferBytes,
    choose: (hello, mayWait) => chooseEntrance(hello, mayWait, options),
    wait: (host, resume) => wait(host, resume, services, endpoints),
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
  host: string,
  resume: () => void,
  { compiled, certificateHold }: Services,
  { remoteAddress }: Endpoints,
): (() => void) | undefined {
  const { certificateWaitMs: waitMs, heldHandshakes: maxHandshakes } = compiled.limits;
  return certificateHold?.wait(host, clientKey(remoteAddress), { waitMs, maxHandshakes, resume });
}
