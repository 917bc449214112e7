import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventually, get, tempFolder } from '@dproxy/testkit';
import { ROOT, ServiceUnit, UID, UNIT } from './service-unit.ts';

test('systemd finds nothing to say about the unit', async () => {
  await using folder = await tempFolder();
  const copy = join(folder.path, 'dproxy.service');
  // It looks whether the programs are there.
  await writeFile(copy, (await readFile(UNIT, 'utf8')).replaceAll('/opt/dproxy', ROOT));
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', copy]);
  expect(`${stdout}${stderr}`).toBe('');
});

test('as an ordinary user, from a read-only checkout, workers open a port below 1024 and a stop ends with 0', async () => {
  await using unit = await ServiceUnit.prepare();
  await unit.start();
  await eventually(() => demoAnswers(unit), { what: 'an answer' });
  // pm2-runtime, the primary, two workers: the second of them comes after the first answer.
  const processes = await eventually(
    async () => {
      const all = await processesOf(UID);
      return all.length === 4 ? all : undefined;
    },
    { what: 'four processes' },
  );
  for (const { capabilities } of processes) expect(BigInt(`0x${capabilities}`)).toBe(1n << 10n);
  expect(await unit.signalMain('SIGTERM')).toBe(0);
  expect(await processesOf(UID)).toEqual([]);
  expect(await unit.stopPost('success')).toBe(0);
});

test('workers serve on when the main process is killed, until a stop that somebody asked for', async () => {
  await using unit = await ServiceUnit.prepare();
  await unit.start();
  await eventually(() => demoAnswers(unit), { what: 'an answer' });
  await unit.signalMain('SIGKILL');
  expect(await unit.stopPost('signal')).toBe(0);
  expect(await demoAnswers(unit)).toBe(true);

  const orphans = new Set((await processesOf(UID)).map(({ pid }) => pid));
  await unit.start();
  await eventually(async () => (await processesOf(UID)).every(({ pid }) => !orphans.has(pid)), {
    deadlineMs: 90_000,
    what: 'the end of the old generation',
  }).catch(async (error: unknown) => {
    const left = (await processesOf(UID)).map(({ pid }) => (orphans.has(pid) ? `old ${pid}` : `new ${pid}`));
    throw new Error(`${left.join(', ')} run:\n${unit.output}`, { cause: error });
  });
  expect(await demoAnswers(unit)).toBe(true);

  await unit.signalMain('SIGKILL');
  expect(await unit.stopPost('timeout')).toBe(0);
  expect(await processesOf(UID)).toEqual([]);
});

async function demoAnswers({ port }: ServiceUnit): Promise<boolean> {
  return (await get({ port, name: 'whoami.localhost' })).status === 200;
}

interface Process {
  readonly pid: string;
  /** The effective ones, hexadecimal. */
  readonly capabilities: string;
}

async function processesOf(uid: number): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // A process may end between the two calls.
  const all = await Promise.all(pids.map(async (pid) => ({ pid, status: await statusOf(pid) })));
  return all
    .filter(({ status }) => new RegExp(`^Uid:\\t${uid}\\t`, 'm').test(status) && !/^State:\tZ/m.test(status))
    .map(({ pid, status }) => ({ pid, capabilities: /^CapEff:\t(\w+)$/m.exec(status)?.[1] ?? '' }));
}

async function statusOf(pid: string): Promise<string> {
  return await readFile(`/proc/${pid}/status`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  });
}
