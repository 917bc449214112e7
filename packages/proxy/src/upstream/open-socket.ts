import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Backend } from '@dproxy/core';
import type { ReadBuffer } from './read-buffer.ts';

export interface OpenSocketOptions {
  readonly lookup: LookupFunction;
  /** Waiting data before a write asks to wait, in bytes. */
  readonly bufferBytes: number;
  readonly onData: (bytes: Buffer, byteLength: number) => void;
}

/** Plain TCP reads into `buffer`. `connect` says when it is there. */
export function openTcp(backend: Backend, buffer: ReadBuffer, options: OpenSocketOptions): Socket {
  return connectTcp({
    ...endpoint(backend, options),
    onread: {
      buffer: () => buffer.renew(),
      callback: (byteLength) => {
        options.onData(buffer.bytes, byteLength);
        return true;
      },
    },
  });
}

/** Every record comes in a buffer of its own. `secureConnect` says when it is there and verified. */
export function openTls(backend: Backend, options: OpenSocketOptions): Socket {
  return reading(connectTls({ ...endpoint(backend, options), ...verification(backend) }), options);
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
  onTls: (socket: Socket) => void,
): Socket {
  const raw = connectTcp(endpoint(backend, options));
  raw.once('connect', () => {
    raw.write(header);
    onTls(reading(connectTls({ socket: raw, ...verification(backend) }), options));
  });
  return raw;
}

function reading(socket: TLSSocket, { onData }: OpenSocketOptions): TLSSocket {
  return socket.on('data', (bytes: Buffer) => onData(bytes, bytes.length));
}

function verification({ address, tlsVerify }: Backend) {
  return {
    // RFC 6066 section 3: an address is no server name.
    ...(isIP(address) === 0 ? { servername: address } : {}),
    // Checked by `host` otherwise, which a connection that is there already does not tell.
    host: address,
    rejectUnauthorized: tlsVerify,
    ALPNProtocols: ['http/1.1'],
  };
}

function endpoint({ address, port }: Backend, { lookup, bufferBytes }: OpenSocketOptions) {
  return {
    host: address,
    port,
    lookup,
    autoSelectFamily: true,
    allowHalfOpen: true,
    noDelay: true,
    highWaterMark: bufferBytes,
  };
}
