import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointOf, type Probe } from './probe.ts';

/** Longer than an engine's own proxy needs to find out that nobody listens behind it. */
const KEPT_MS = 100;

/**
 * It accepts a connection. At an address of the operator's it must also keep it for a moment, when it has just been started: that may
 * be a published port, where the engine accepts in the place of a program that does not listen yet, and breaks off.
 */
export const probeTcp: Probe = async (target, signal) => {
  const socket = connect({ ...endpointOf(target) });
  // Also after the verdict: a reset may come while the socket ends.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    const mayBeStoodFor = target.startedMs !== undefined && target.backend.containerId === '';
    return mayBeStoodFor ? await whetherKept(socket, signal) : '';
  } finally {
    socket.destroy();
  }
};

async function whetherKept(socket: Socket, signal: AbortSignal): Promise<string> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  // Read to the end, which else stays unseen.
  socket.resume();
  try {
    return await Promise.race([
      once(socket, 'close', { signal: either }).then(() => 'the connection is accepted and breaks off'),
      delay(KEPT_MS, '', { signal: either }),
    ]);
  } finally {
    over.abort();
  }
}
