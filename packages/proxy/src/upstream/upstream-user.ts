import type { ProxyError } from '@dproxy/core';

/** Who uses an upstream connection at the moment: an exchange, a tunnel, or a plugin's dispatcher. One at a time. */
export interface UpstreamUser {
  /** A new connection is there; not called for one that was idle. */
  onUpstreamReady(): void;
  /**
   * @param bytes the connection's own buffer: valid until this returns
   * @returns whether a write that is not finished still holds them; then the connection takes another buffer
   */
  onUpstreamData(bytes: Buffer, start: number, end: number): boolean;
  /** What was written has gone out: more may be written. */
  onUpstreamDrain(): void;
  /** The backend has sent all that it will send. */
  onUpstreamEnd(): void;
  /** The connection is gone. `error` has a code of its own when it could not be made; else `upstream-closed`. */
  onUpstreamClosed(error: ProxyError): void;
  /** The deadline that the user has set on the connection has passed. */
  onUpstreamDeadline(): void;
}
