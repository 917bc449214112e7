import { join } from 'node:path';
import { collectLog, eventually, tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { fixtureTable } from './fixtures/fixture-table.ts';
import { SnapshotClient } from './ipc/snapshot-client.ts';
import { SnapshotServer } from './ipc/snapshot-server.ts';
import { maxWorkersOn, MAX_WORKERS, Pm2Balancer } from './pm2-balancer.ts';
import { Pm2Program } from './pm2-program.ts';
import { Supervisor, SupervisorGone } from './supervisor.ts';
import { type Wanted, WantedSize } from './wanted-size.ts';

class NotedSize extends WantedSize {
  readonly saved: Wanted[] = [];

  override async save(wanted: Wanted): Promise<void> {
    this.saved.push(wanted);
    await super.save(wanted);
  }
}

/** A primary whose supervisor is gone, so that nothing can be started by it. */
async function balancerIn(folder: string, maxSize: number) {
  const log = collectLog();
  const server = new SnapshotServer({ socketPath: join(folder, 'run', 'x.sock'), instance: 'one', log });
  await server.listen();
  const supervisor = new Supervisor({ pm2Home: folder, pid: 1_000_000, parentPid: () => 1 });
  const wanted = new NotedSize(join(folder, 'balancer.json'), 'x');
  const balancer = await Pm2Balancer.open({
    server,
    supervisor,
    log,
    maxSize,
    pm2: new Pm2Program({ supervisor, nodePath: process.execPath, pm2Path: '/nowhere', env: {} }),
    wanted,
    configuredSize: 1,
    launchedSize: 1,
    drainMs: () => 1,
  });
  return {
    balancer,
    log,
    saved: wanted.saved,
    [Symbol.asyncDispose]: async () => {
      await balancer.close();
      await server.close();
    },
  };
}

it('says why there is only one worker where the system does not spread connections', async () => {
  await using folder = await tempFolder();
  await using part = await balancerIn(folder.path, maxWorkersOn('darwin'));
  await expect(part.balancer.resize(2)).rejects.toThrow(RangeError);
  await expect(part.balancer.resize(2)).rejects.toThrow('does not spread connections over several listeners');
});

it('says that its supervisor is gone and refuses what needs it', async () => {
  await using folder = await tempFolder();
  await using part = await balancerIn(folder.path, MAX_WORKERS);
  expect(part.balancer.status()).toEqual({ state: 'running', size: 1, workers: [], supervisor: 'gone' });
  for (const call of [
    () => part.balancer.resize(2),
    () => part.balancer.stop(),
    () => part.balancer.start(),
    () => part.balancer.replaceAll(),
  ]) {
    await expect(call()).rejects.toThrow(SupervisorGone);
  }
  expect(part.balancer.status()).toMatchObject({ state: 'running', size: 1 });
});

it('ends at once although an operation waits for workers', async () => {
  await using folder = await tempFolder();
  const part = await balancerIn(folder.path, MAX_WORKERS);
  await part[Symbol.asyncDispose]();
  expect(part.log.messages('warn')).toEqual([]);
  // The folder may be gone by now, or the next primary's.
  expect(part.saved).toEqual([]);
});

const SUPERVISOR = 1_000_000;

/** A worker that is online as soon as it has the table, and says which drains it was told. */
function onlineWorker(socketPath: string, identity: { readonly pid: number; readonly supervisorPid: number }) {
  const drains: number[] = [];
  const client = new SnapshotClient({
    socketPath,
    instance: 'one',
    identity: { ...identity, pmId: identity.pid, startedAtMs: identity.pid },
    log: collectLog(),
    apply: async () => {
      client.ready({ listeners: [], failed: [] });
      return { failed: [] };
    },
    onDrain: (deadlineMs) => drains.push(deadlineMs),
    onPlace: () => {},
    onTicketKeys: () => {},
    onNoCertificate: () => {},
    onSpent: () => {},
    onWaking: () => {},
    activity: () => [],
    stats: () => ({
      requests: 0,
      connections: 0,
      tunnels: 0,
      held: 0,
      upstreamConnections: 0,
      ejections: 0,
      errors: {},
      bytesIn: 0,
      bytesOut: 0,
      routes: [],
      backends: [],
    }),
    loadStored: async () => undefined,
  });
  client.start();
  return { drains, [Symbol.asyncDispose]: () => client.close() };
}

it('retires workers of a dead supervisor also when all were online before it looked', async () => {
  await using folder = await tempFolder();
  const log = collectLog();
  const socketPath = join(folder.path, 'run', 'x.sock');
  const server = new SnapshotServer({ socketPath, instance: 'one', log });
  await server.listen();
  server.publish(fixtureTable(), new Map());
  await using own = onlineWorker(socketPath, { pid: 2, supervisorPid: SUPERVISOR });
  await using orphan = onlineWorker(socketPath, { pid: 3, supervisorPid: 1 });
  await eventually(() => server.workers().filter(({ state }) => state === 'online').length === 2);

  const supervisor = new Supervisor({ pm2Home: folder.path, pid: SUPERVISOR, parentPid: () => SUPERVISOR });
  const balancer = await Pm2Balancer.open({
    server,
    supervisor,
    log,
    maxSize: MAX_WORKERS,
    pm2: new Pm2Program({ supervisor, nodePath: process.execPath, pm2Path: '/nowhere', env: {} }),
    wanted: new WantedSize(join(folder.path, 'balancer.json'), 'x'),
    configuredSize: 1,
    launchedSize: 1,
    drainMs: () => 7,
  });
  try {
    await eventually(() => orphan.drains.length > 0, { what: 'a drain of the orphan' });
    expect(orphan.drains).toEqual([7]);
    expect(own.drains).toEqual([]);
  } finally {
    await balancer.close();
    await server.close();
  }
});
