import { askHttp2 } from './http2-request.ts';
import type { Probe } from './probe.ts';

const NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const MAX_SERVICE_BYTES = 120;

/**
 * `grpc.health.v1.Health/Check` (the gRPC health checking protocol). Both messages have one field, so they are written and read
 * by hand: `HealthCheckRequest { string service = 1; }`, `HealthCheckResponse { ServingStatus status = 1; }`.
 */
export const probeGrpc: Probe = async (target, signal) => {
  const { headers, trailers, body } = await askHttp2(target, {
    method: 'POST',
    path: '/grpc.health.v1.Health/Check',
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: messageOf(target.check.path),
    signal,
  });
  const http = Number(headers[':status']);
  if (http !== 200) return `status ${http}, expected 200`;
  const code = String(trailers['grpc-status'] ?? headers['grpc-status'] ?? '');
  if (code !== '0') return `grpc-status ${code === '' ? 'is missing' : code}, expected 0`;
  const status = servingStatus(body);
  return status === 1 ? '' : `${NAMES[status] ?? `status ${status}`}, expected SERVING`;
};

/** A frame of gRPC: not compressed, four bytes of length, the message. */
function messageOf(service: string): Buffer {
  const name = Buffer.from(service).subarray(0, MAX_SERVICE_BYTES);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** 0 (UNKNOWN) where the field is absent, as protocol buffers have it. */
function servingStatus(frame: Buffer): number {
  return frame.length >= 7 && frame[5] === 0x08 ? (frame[6] ?? 0) : 0;
}
