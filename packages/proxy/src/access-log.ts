/** One finished request. Strings are cut to a bounded length; JSON escapes control characters (log injection). */
export interface AccessLogEntry {
  /** Epoch milliseconds of the end. */
  readonly timeMs: number;
  readonly client: string;
  readonly listener: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** 101 for a tunnel; 499 when the client went away first. */
  readonly status: number;
  /** Of the body of the response, as sent to the client. */
  readonly bytes: number;
  readonly totalMs: number;
  /** Until there was a connection to the backend. */
  readonly backendMs: number;
  /** Route and backend id; empty when there was none. */
  readonly route: string;
  readonly backend: string;
  /** Of `ERRORS`; empty when all went well. */
  readonly error: string;
  readonly userAgent: string;
}

/** Called once per request, and only while `settings.accessLog` is on: nothing is built otherwise. */
export type AccessLog = (entry: AccessLogEntry) => void;

/** Enough to tell requests apart, too little to fill a disk with one of them. */
const MAX_TEXT = 1_024;

export function loggable(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
}
