import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { eventually, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { hasEnded, Pm2Service } from './pm2-service.ts';

it('starts a primary and workers in fork mode, and ends with 0 on a signal after draining', async () => {
  await using service = await Pm2Service.prepare();
  const runtime = await service.run();
  const pids = await service.whenOnline(2);
  const { pid: primary } = await service.status();
  const answered = await service.ask();
  expect(pids).toContain(answered.pid);
  const exited = once(runtime, 'exit');
  runtime.kill('SIGTERM');
  expect(await within(exited, 'the end of pm2-runtime', 90_000)).toEqual([0, null]);
  expect(service.output).toContain('drained');
  for (const pid of [...pids, primary]) expect(await hasEnded(pid)).toBe(true);
});

it('gives workers no variable of the environment but those that they need', async () => {
  await using service = await Pm2Service.start({ workers: 1 });
  const { pid, workers } = await service.status();
  const [worker] = workers;
  expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toContain('FIXTURE_SECRET');
  expect(await readFile(`/proc/${worker?.pid}/environ`, 'utf8')).not.toContain('FIXTURE_SECRET');
});

it('starts another worker after a kill -9, while the rest serve', async () => {
  await using service = await Pm2Service.start();
  const before = await service.whenOnline(2);
  const [victim = 0, other] = before;
  process.kill(victim, 'SIGKILL');
  await eventually(async () => (await service.ask()).pid === other);
  const after = await eventually(async () => {
    const pids = await service.online();
    return pids.length === 2 && !pids.includes(victim) && pids;
  });
  expect(after).toContain(other);
});

it('keeps the workers, their table and the size through a kill -9 of the primary', async () => {
  await using service = await Pm2Service.start();
  await service.change('/resize?size=3');
  const before = await service.whenOnline(3);
  const { pid } = await service.status();
  process.kill(pid, 'SIGKILL');
  expect(before).toContain((await service.ask()).pid);
  await eventually(async () => (await service.status()).pid !== pid, { what: 'a new primary' });
  expect(new Set(await service.whenOnline(3))).toEqual(new Set(before));
  expect(await service.status()).toMatchObject({ state: 'running', size: 3, supervisor: 'ok' });
});

it('shows workers that crash at start as errored, and is still there', async () => {
  await using service = await Pm2Service.prepare({ workers: 1, workerEnv: { FIXTURE_CRASH: 'at start' } });
  await service.run();
  const errored = await eventually(
    async () => (await service.status()).workers.find(({ state }) => state === 'errored'),
    { deadlineMs: 90_000, everyMs: 100, what: 'an errored worker' },
  );
  expect(errored.snapshot).toBe(0);
  // The delay grows: a loop that costs nothing.
  await eventually(() => /will restart in 1\d\dms[^]*will restart in 2\d\dms/.test(service.output), {
    deadlineMs: 90_000,
  });
});
