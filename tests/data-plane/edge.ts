import { silentLog, type DataPlane } from '@dproxy/core';
import { createDataPlane } from '@dproxy/proxy';
import { listenerOf, RawClient, snapshotOf, type SnapshotSpec } from '@dproxy/testkit';

export interface Worker extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly port: number;
  apply(spec: Omit<SnapshotSpec, 'listeners'>): Promise<unknown>;
}

/** A data plane as one worker of several has it, on a port that they share. @param port 0 for the first one */
export async function startWorker(
  spec: Omit<SnapshotSpec, 'listeners'>,
  { index, count, port }: { readonly index: number; readonly count: number; readonly port: number },
): Promise<Worker> {
  const plane = createDataPlane({ log: silentLog, workerIndex: index, workerCount: count, reusePort: true });
  const listeners = [listenerOf({ addresses: [{ host: '127.0.0.1', port }] })];
  const apply = (next: Omit<SnapshotSpec, 'listeners'>) => plane.apply(snapshotOf({ ...next, listeners }), new Map());
  await apply(spec);
  const bound = plane.addresses().get('http')?.[0]?.port ?? 0;
  return { plane, port: bound, apply, [Symbol.asyncDispose]: () => plane.close() };
}

/** Two workers on one port. */
export async function startWorkers(spec: Omit<SnapshotSpec, 'listeners'>): Promise<readonly [Worker, Worker]> {
  const first = await startWorker(spec, { index: 0, count: 2, port: 0 });
  return [first, await startWorker(spec, { index: 1, count: 2, port: first.port })];
}

export interface Load {
  answered: number;
  /** Sent, and not answered in whole. */
  readonly lost: string[];
  stop(): Promise<void>;
}

/** Clients that send one request after another until they are stopped, over one connection each as long as it lasts. */
export function startLoad(port: number, { clients, keepAlive }: { clients: number; keepAlive: boolean }): Load {
  const over = new AbortController();
  const load: Load = {
    answered: 0,
    lost: [],
    stop: async () => {
      over.abort();
      await Promise.all(running);
    },
  };
  const request = `GET / HTTP/1.1\r\nHost: a.test\r\n${keepAlive ? '' : 'Connection: close\r\n'}\r\n`;
  /** @returns whether the connection may be used again */
  const ask = async (client: RawClient): Promise<boolean> => {
    await client.write(request);
    const { status, raw } = await client.readResponse();
    if (status !== 200) throw new Error(`got ${status}`);
    load.answered++;
    return keepAlive && !/^connection: close/im.test(raw);
  };
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        using client = await RawClient.connect({ port });
        while ((await ask(client)) && !over.signal.aborted);
      } catch (error) {
        load.lost.push(String(error));
      }
    }
  };
  const running = Array.from({ length: clients }, run);
  return load;
}
