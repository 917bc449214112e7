import { eventually, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { hasEnded, hold, Pm2Service } from './pm2-service.ts';

it('serves on, with updates and an access log, after a kill -9 of PM2', async () => {
  await using service = await Pm2Service.start();
  const before = await service.whenOnline(2);
  process.kill(await service.daemonPid(), 'SIGKILL');
  await eventually(async () => (await service.status()).supervisor === 'gone');
  // Each request writes a line to a pipe that nobody reads any more.
  for (let request = 0; request < 20; request++) expect(before).toContain((await service.ask()).pid);
  await service.publish();
  await eventually(async () => (await service.status()).workers.every(({ snapshot }) => snapshot === 2));
  expect(new Set(await service.online())).toEqual(new Set(before));
  await expect(service.change('/resize?size=3')).rejects.toThrow('PM2 does not supervise this dproxy any more');
  // Nothing was started by asking.
  await expect(service.daemonPid().then((pid) => process.kill(pid, 0))).rejects.toThrow('ESRCH');
});

it('lets the next generation take over: primary hands over, old workers drain when the new ones are ready', async () => {
  await using service = await Pm2Service.start({ drainMs: 2_000 });
  const before = await service.whenOnline(2);
  const { pid: oldPrimary } = await service.status();
  process.kill(await service.daemonPid(), 'SIGKILL');
  await eventually(async () => (await service.status()).supervisor === 'gone');
  const held = await hold(service.port);
  await service.run();
  await eventually(async () => (await service.status()).pid !== oldPrimary, { deadlineMs: 90_000, what: 'a takeover' });
  await eventually(() => hasEnded(oldPrimary));
  await eventually(async () => (await Promise.all(before.map(hasEnded))).every(Boolean), {
    deadlineMs: 90_000,
    what: 'the end of the old workers',
  });
  await within(held.closed, 'the cut at the deadline');
  const after = await service.whenOnline(2);
  expect(after.some((pid) => before.includes(pid))).toBe(false);
  expect(await service.status()).toMatchObject({ supervisor: 'ok', size: 2 });
  expect(after).toContain((await service.ask()).pid);
});

it('refuses a second service on the same state folder while the first one is supervised', async () => {
  await using service = await Pm2Service.start({ workers: 1 });
  const { pid } = await service.status();
  await using second = await Pm2Service.start({ workers: 1 });
  expect((await second.status()).pid).not.toBe(pid);
  await using intruder = await service.again();
  await eventually(() => intruder.output.includes('uses this state folder'), { deadlineMs: 90_000 });
  expect((await service.status()).pid).toBe(pid);
});
