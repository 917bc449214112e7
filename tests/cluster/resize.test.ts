import { eventually, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { hold, Pm2Service } from './pm2-service.ts';

it('scales up and down, and answers when it is done', async () => {
  await using service = await Pm2Service.start();
  const before = await service.whenOnline(2);
  const up = await service.change('/resize?size=4');
  expect(up).toMatchObject({ done: true, status: { size: 4, state: 'running' } });
  expect(up.status.workers.map(({ state }) => state)).toEqual(['online', 'online', 'online', 'online']);
  const down = await service.change('/resize?size=1');
  expect(down).toMatchObject({ done: true, status: { size: 1 } });
  expect(down.status.workers).toHaveLength(1);
  // The oldest leave, as PM2 would have it.
  expect(before).not.toContain(down.status.workers[0]?.pid);
  await eventually(async () => (await service.ask()).pid === down.status.workers[0]?.pid);
});

it('drains all that leave together: each has a connection, and all are cut at one deadline', async () => {
  await using service = await Pm2Service.start({ workers: 3, drainMs: 1_500 });
  const held = await Promise.all(Array.from({ length: 30 }, () => hold(service.port)));
  const change = service.change('/stop');
  await eventually(
    async () => {
      const { workers } = await service.status();
      return workers.length === 3 && workers.every(({ state }) => state === 'draining');
    },
    { what: 'three workers that drain at once' },
  );
  expect(await change).toMatchObject({ done: true, status: { state: 'stopped', size: 3 } });
  await within(Promise.all(held.map(({ closed }) => closed)), 'the cut');
});

it('stops and starts: the size stays, over a restart of the primary too', async () => {
  await using service = await Pm2Service.start();
  const stopped = await service.change('/stop');
  expect(stopped.status.workers.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  await expect(service.ask()).rejects.toThrow('ECONNREFUSED');
  const { pid } = await service.status();
  process.kill(pid, 'SIGKILL');
  await eventually(async () => (await service.status()).pid !== pid, { what: 'a new primary' });
  expect(await service.status()).toMatchObject({ state: 'stopped', size: 2 });
  // A resize while stopped is for later.
  expect(await service.change('/resize?size=3')).toMatchObject({ done: true, status: { state: 'stopped', size: 3 } });
  const started = await service.change('/start');
  expect(started).toMatchObject({ done: true, status: { state: 'running', size: 3 } });
  expect(await service.whenOnline(3)).toHaveLength(3);
});

it('starts at once after a stop, while the last ones still drain', async () => {
  await using service = await Pm2Service.start({ drainMs: 20_000 });
  const before = await service.whenOnline(2);
  const held = await hold(service.port);
  const stop = service.change('/stop');
  await eventually(async () => (await service.online()).length === 0);
  const start = service.change('/start');
  const after = await service.whenOnline(2);
  expect(after.some((pid) => before.includes(pid))).toBe(false);
  expect((await service.status()).workers.some(({ state }) => state === 'draining')).toBe(true);
  expect(after).toContain((await service.ask()).pid);
  held.destroy();
  expect(await start).toMatchObject({ done: true, status: { state: 'running', size: 2 } });
  await stop;
  expect((await service.status()).workers.map(({ state }) => state)).toEqual(['online', 'online']);
});

it('replaces all workers one by one, never with fewer than before', async () => {
  await using service = await Pm2Service.start();
  const before = await service.whenOnline(2);
  const change = service.change('/replace');
  let fewest = 2;
  let isDone = false;
  void change.finally(() => (isDone = true));
  await eventually(async () => {
    fewest = Math.min(fewest, (await service.online()).length);
    return isDone;
  });
  expect(await change).toMatchObject({ done: true, status: { size: 2 } });
  expect(fewest).toBe(2);
  const after = await service.whenOnline(2);
  expect(after.some((pid) => before.includes(pid))).toBe(false);
});

it('sends away what is more than was asked for, whoever has started it', async () => {
  await using service = await Pm2Service.start({ workers: 1 });
  await service.pm2('scale', 'dproxy-worker', '3');
  await service.whenOnline(3);
  expect(await service.whenOnline(1)).toHaveLength(1);
});

it('does one thing at a time: calls that come together end at the last one', async () => {
  await using service = await Pm2Service.start({ workers: 1 });
  await Promise.all([3, 1, 2].map((size) => service.change(`/resize?size=${size}`)));
  expect(await service.whenOnline(2)).toHaveLength(2);
  expect(await service.status()).toMatchObject({ size: 2 });
});

it.each(['0', '257', '1.5', 'NaN'])('refuses size %s with what is possible', async (size) => {
  await using service = await Pm2Service.start({ workers: 1 });
  await expect(service.change(`/resize?size=${size}`)).rejects.toThrow('expected a whole number from 1 to 256');
  expect(await service.status()).toMatchObject({ size: 1 });
});
