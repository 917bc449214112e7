import { becomePrimary, instanceOf, SnapshotServer, type Supervisor } from '@dproxy/cluster';
import { rotateTicketKeys } from '../rotate-ticket-keys.ts';
import { portsOf, type LeftWorkers } from '../worker-ledger.ts';
import type { PrimaryOptions } from './primary-options.ts';

export async function openServer(
  { loaded, log, handedOver }: PrimaryOptions,
  supervisor: Supervisor,
  opened: AsyncDisposableStack,
): Promise<SnapshotServer> {
  const { paths } = loaded.settings;
  const instance = instanceOf(paths.state);
  const lock = await becomePrimary({
    lockPath: paths.lock,
    socketPath: paths.ipcSocket,
    instance,
    pid: process.pid,
    log,
  });
  opened.defer(() => lock.release());
  const server = new SnapshotServer({
    socketPath: paths.ipcSocket,
    instance,
    log,
    decideTakeover: () =>
      supervisor.isOurs
        ? { type: 'refused', reason: `pid ${process.pid} runs under a PM2 that lives` }
        : { type: 'granted' },
    release: () => lock.release(),
    handedOver,
  });
  opened.defer(rotateTicketKeys((keys) => server.setTicketKeys(keys)));
  await server.listen();
  opened.defer(() => server.close());
  return server;
}

/** Ports that our workers serve now, whichever generation they are of. */
export function servedPorts(left: LeftWorkers, server: SnapshotServer): ReadonlySet<number> {
  const connected = server.workers().flatMap(({ listeners }) => (listeners === undefined ? [] : portsOf(listeners)));
  return new Set([...left.ports, ...connected]);
}
