import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Backend } from '@dproxy/core';

export interface OpenSocketOptions {
  readonly lookup: LookupFunction;
  /** Waiting data before a write asks to wait, in bytes. */
  readonly bufferBytes: number;
  /** What is offered over TLS (ALPN, RFC 7301). */
  readonly protocols: readonly string[];
  /** Its end of reading does not end the socket. Not for HTTP/2: node:http2 would not notice that the backend has gone. */
  readonly allowHalfOpen: boolean;
}

/** `connect` says when it is there. @param onread where to read into; else by `data` */
export function openTcp(backend: Backend, options: OpenSocketOptions, onread?: OnReadOpts): Socket {
  return connectTcp({ ...endpoint(backend, options), ...(onread === undefined ? {} : { onread }) });
}

/** `secureConnect` says when it is there and verified. */
export function openTls(backend: Backend, options: OpenSocketOptions): TLSSocket {
  return connectTls({ ...endpoint(backend, options), ...verification(backend, options) });
}

/**
 * TLS behind a PROXY header, which goes in clear (section 2 of its specification: before anything else).
 *
 * @param onTls gets the socket on which to wait for `secureConnect`; it takes the place of the one that is returned
 */
export function openTlsBehind(
  header: Buffer,
  backend: Backend,
  options: OpenSocketOptions,
  onTls: (socket: TLSSocket) => void,
): Socket {
  const raw = connectTcp(endpoint(backend, options));
  raw.once('connect', () => {
    raw.write(header);
    onTls(connectTls({ socket: raw, ...verification(backend, options) }));
  });
  return raw;
}

function verification({ address, tlsVerify }: Backend, { protocols }: OpenSocketOptions) {
  return {
    // RFC 6066 section 3: an address is no server name.
    ...(isIP(address) === 0 ? { servername: address } : {}),
    // What the certificate must be for; a connection that is there already does not tell.
    host: address,
    rejectUnauthorized: tlsVerify,
    ALPNProtocols: [...protocols],
  };
}

function endpoint({ address, port }: Backend, { lookup, bufferBytes, allowHalfOpen }: OpenSocketOptions) {
  return {
    host: address,
    port,
    lookup,
    autoSelectFamily: true,
    allowHalfOpen,
    noDelay: true,
    highWaterMark: bufferBytes,
  };
}
