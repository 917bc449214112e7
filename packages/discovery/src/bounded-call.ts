/** dockerode calls back neither when an answer is cut off half-way nor when the engine stops talking: the signal ends the wait. */
export async function boundedCall<T>(start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([start(signal), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
