/** The part of `process` that a process with an IPC channel to its parent has. */
export interface ParentChannel {
  readonly connected: boolean;
  send?(message: unknown, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
}

/**
 * What tells PM2 (`wait_ready`) that a worker serves. Without PM2 it does nothing, and a PM2 that dies at this very moment
 * is no error: without the callback `process.send` would throw its EPIPE at everybody, and end a worker that serves.
 */
export function readySignal(channel: ParentChannel): () => void {
  return () => {
    if (channel.connected) channel.send?.('ready', undefined, undefined, () => undefined);
  };
}
