import { constants } from 'node:http2';
import { type ErrorCode, ProxyError } from '@dproxy/core';

/** What is known of a stream that ended before its response did. */
export interface BrokenStream {
  /** Undefined: nothing of it was sent. */
  readonly streamId: number | undefined;
  /** Of its RST_STREAM (RFC 9113 section 7). */
  readonly code: number;
  readonly session: {
    readonly where: string;
    /** Empty while the connection is there. */
    readonly lossReason: string;
    isUnprocessed(streamId: number | undefined): boolean;
  };
  /** How much of the response was here. */
  readonly progress: 'nothing' | 'interim' | 'body';
  /** It was the first one on its session after a time without any. */
  readonly isAfterRest: boolean;
}

/** The error that says what became of a stream, and with that whether its request may go elsewhere. */
export function streamError(broken: BrokenStream): ProxyError {
  const { code, session } = broken;
  const reason = session.lossReason === '' ? `RST_STREAM with code ${code}` : session.lossReason;
  return new ProxyError(codeOf(broken), `${session.where}: ${reason}`);
}

function codeOf({ streamId, code, session, progress, isAfterRest }: BrokenStream): ErrorCode {
  if (progress === 'body') return 'upstream-aborted';
  // RFC 9113 section 8.7: both promise that nothing was done.
  if (progress === 'nothing' && (code === constants.NGHTTP2_REFUSED_STREAM || session.isUnprocessed(streamId))) {
    return 'upstream-refused';
  }
  if (session.lossReason === '' || progress === 'interim') return 'upstream-closed';
  return isAfterRest ? 'upstream-closed-idle' : 'upstream-closed-empty';
}
