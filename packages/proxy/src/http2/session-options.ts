import type { SecureServerOptions } from 'node:http2';
import type { Limits } from '@dproxy/core';

const MIB = 1_048_576;
/** HPACK counts every field with 32 bytes more than it has (RFC 9113 section 6.5.2). */
const FIELD_OVERHEAD = 32;
/** Frames that nghttp2 refuses by itself, before it gives up on a connection. */
const MAX_INVALID_FRAMES = 100;
const MAX_REJECTED_STREAMS = 100;
/** Settings in one SETTINGS frame, and PINGs of ours without an answer. */
const MAX_SETTINGS = 32;
const MAX_PINGS = 10;

/**
 * What a session of HTTP/2 is told about our limits, and what Node holds it to. What is within twice the limits for heads gets
 * through to `readRequestHead`, so that the client is told 431 and not only reset.
 */
export function sessionOptions(limits: Limits): SecureServerOptions {
  return {
    settings: {
      enablePush: false,
      enableConnectProtocol: true,
      initialWindowSize: limits.http2StreamWindowBytes,
      maxConcurrentStreams: limits.http2Streams,
      maxHeaderListSize: 2 * limits.headBytes + FIELD_OVERHEAD * maxPairs(limits),
    },
    maxHeaderListPairs: maxPairs(limits),
    maxSessionMemory: Math.ceil(limits.http2SessionBytes / MIB),
    maxSettings: MAX_SETTINGS,
    maxOutstandingPings: MAX_PINGS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    // CVE-2023-44487: nghttp2 has a bucket of its own, which is as large as ours (glitch-counter.ts).
    streamResetBurst: limits.http2Glitches,
    streamResetRate: limits.http2GlitchesPerSecond,
    // A backend may repeat a field that should be there once: it goes on as it does over HTTP/1.1.
    strictSingleValueFields: false,
  };
}

/** Browsers cut their cookies into crumbs, one field each; those are one header line for us. */
function maxPairs({ headerCount }: Limits): number {
  return 2 * headerCount;
}
