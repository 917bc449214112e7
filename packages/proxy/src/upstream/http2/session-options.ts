import type { SecureClientSessionOptions } from 'node:http2';
import type { Limits } from '@dproxy/core';

/** HPACK counts every field with 32 bytes more than it has (RFC 9113 section 6.5.2). */
const FIELD_OVERHEAD = 32;
/** The smallest stream window that there is without asking (RFC 9113 section 6.9.2). */
const MIN_WINDOW_BYTES = 65_535;
const MAX_SESSION_MEBIBYTES = 64;
const MAX_INVALID_FRAMES = 100;
const MAX_SETTINGS = 32;
const MAX_PINGS = 10;

/** Node's types know some of them for servers only. */
type ClientOptions = SecureClientSessionOptions & {
  readonly maxSessionInvalidFrames: number;
  readonly strictSingleValueFields: boolean;
};

/**
 * What a backend is told about our limits, and what Node holds it to. Heads may be twice as large as they may be before Node
 * ends the stream, so that who reads them can say what was too large.
 */
export function sessionOptions(limits: Limits): ClientOptions {
  const maxPairs = 2 * limits.upstreamHeaderCount;
  return {
    settings: {
      enablePush: false,
      // What of a response may be on its way while its client does not read.
      initialWindowSize: Math.max(MIN_WINDOW_BYTES, limits.bufferBytes),
      maxHeaderListSize: 2 * limits.upstreamHeadBytes + FIELD_OVERHEAD * maxPairs,
    },
    maxHeaderListPairs: maxPairs,
    maxSessionMemory: MAX_SESSION_MEBIBYTES,
    maxSettings: MAX_SETTINGS,
    maxOutstandingPings: MAX_PINGS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    // A client may repeat a field that should be there once: it goes on as it does over HTTP/1.1.
    strictSingleValueFields: false,
  };
}
