import { once } from 'node:events';
import { connect } from 'node:net';
import { endpointOf, type Probe } from './probe.ts';

/** It accepts a connection. */
export const probeTcp: Probe = async (target, signal) => {
  const socket = connect({ ...endpointOf(target) });
  // Also after the verdict: a reset may come while the socket ends.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    return '';
  } finally {
    socket.destroy();
  }
};
