import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import type { TakeoverAnswer } from './ipc/messages.ts';
import { SnapshotServer } from './ipc/snapshot-server.ts';
import { PrimaryLock, PrimaryLockHeld } from './primary-lock.ts';
import { becomePrimary, type TakeoverOptions } from './takeover.ts';

function optionsIn(folder: string): TakeoverOptions {
  return {
    lockPath: join(folder, 'lock'),
    socketPath: join(folder, 'run', 'x.sock'),
    instance: 'one',
    pid: process.pid,
    log: silentLog,
  };
}

async function oldPrimary(options: TakeoverOptions, answer: TakeoverAnswer) {
  const lock = await PrimaryLock.acquire(options.lockPath, options.pid);
  const over = Promise.withResolvers<void>();
  const server = new SnapshotServer({
    socketPath: options.socketPath,
    instance: 'one',
    log: silentLog,
    decideTakeover: () => answer,
    release: () => lock.release(),
    handedOver: over.resolve,
  });
  await server.listen();
  return { server, handedOver: over.promise };
}

it('takes the lock that nobody holds', async () => {
  await using folder = await tempFolder();
  const lock = await becomePrimary(optionsIn(folder.path));
  await lock.release();
});

it('takes over lock and socket from a primary that agrees', async () => {
  await using folder = await tempFolder();
  const options = optionsIn(folder.path);
  const old = await oldPrimary(options, { type: 'granted' });
  const lock = await becomePrimary(options);
  await old.handedOver;
  const server = new SnapshotServer({ socketPath: options.socketPath, instance: 'one', log: silentLog });
  await server.listen();
  await server.close();
  await lock.release();
});

it('is refused by a primary whose supervisor lives, by another instance, and by one that does not listen', async () => {
  await using folder = await tempFolder();
  const options = optionsIn(folder.path);
  const old = await oldPrimary(options, { type: 'refused', reason: 'its supervisor lives' });
  await expect(becomePrimary(options)).rejects.toThrow(PrimaryLockHeld);
  await expect(becomePrimary({ ...options, instance: 'two' })).rejects.toThrow(PrimaryLockHeld);
  await old.server.close();
  await expect(becomePrimary(options)).rejects.toThrow(PrimaryLockHeld);
});
