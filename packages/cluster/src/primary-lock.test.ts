import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { PrimaryLock, PrimaryLockHeld } from './primary-lock.ts';
import { identify, isRunning } from './process-identity.ts';

it('refuses a second primary with who holds it and what to do', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock');
  const lock = await PrimaryLock.acquire(path, process.pid);
  const second = PrimaryLock.acquire(path, process.pid);
  await expect(second).rejects.toThrow(PrimaryLockHeld);
  await expect(second).rejects.toThrow(`another dproxy (pid ${process.pid}) uses this state folder`);
  await lock.release();
  const third = await PrimaryLock.acquire(path, process.pid);
  await third.release();
  expect(await readdir(folder.path)).toEqual([]);
});

it('takes over from a process that has ended', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock');
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  const identity = await identify(child.pid ?? 0);
  await writeFile(path, JSON.stringify(identity));
  expect(await isRunning(identity)).toBe(true);
  await expect(PrimaryLock.acquire(path, process.pid)).rejects.toMatchObject({ holder: identity });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await PrimaryLock.acquire(path, process.pid);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
});

it.each([
  ['of a process that got the same pid', { startTime: '1' }],
  ['from before the last boot', { bootId: 'another' }],
])('does not count a lock %s', async (_what, change) => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock');
  await writeFile(path, JSON.stringify({ ...(await identify(process.pid)), ...change }));
  await PrimaryLock.acquire(path, process.pid);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(await identify(process.pid));
});

it('does not count a damaged lock', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock');
  await writeFile(path, '{"pid":');
  const lock = await PrimaryLock.acquire(path, process.pid);
  await lock.release();
});

it.each(Array.from({ length: 20 }, (_, round) => round))(
  'goes to exactly one of many that start at once over a dead lock, and leaves nothing beside it (%i)',
  async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'lock');
    await writeFile(path, JSON.stringify({ ...(await identify(process.pid)), startTime: '1' }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => PrimaryLock.acquire(path, process.pid)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(['lock']);
  },
);

it('takes over from a process that died while it took over', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'lock');
  const dead = JSON.stringify({ ...(await identify(process.pid)), startTime: '1' });
  await writeFile(path, dead);
  await writeFile(`${path}.takeover`, dead);
  const lock = await PrimaryLock.acquire(path, process.pid);
  expect(await readdir(folder.path)).toEqual(['lock']);
  await lock.release();
});
