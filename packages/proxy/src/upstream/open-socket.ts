import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
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
  const socket = connectTls({
    ...endpoint(backend, options),
    // RFC 6066 section 3: an address is no server name.
    ...(isIP(backend.address) === 0 ? { servername: backend.address } : {}),
    rejectUnauthorized: backend.tlsVerify,
    ALPNProtocols: ['http/1.1'],
  });
  socket.on('data', (bytes: Buffer) => options.onData(bytes, bytes.length));
  return socket;
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
