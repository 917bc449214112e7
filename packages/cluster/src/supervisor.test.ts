import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Supervisor, SupervisorGone } from './supervisor.ts';
import { readTcpMigrateReq, tcpMigrateReqWarning } from './tcp-migrate-req.ts';
import { WantedSize } from './wanted-size.ts';

it('answers only while the same daemon lives, is named in its pid file and takes connections', async () => {
  await using folder = await tempFolder();
  let parentPid = 5;
  const supervisor = new Supervisor({ pm2Home: folder.path, pid: 5, parentPid: () => parentPid });
  await expect(supervisor.assertAnswers()).rejects.toThrow(`names nobody, expected 5`);
  await writeFile(join(folder.path, 'pm2.pid'), '6');
  await expect(supervisor.assertAnswers()).rejects.toThrow('names 6, expected 5');
  await writeFile(join(folder.path, 'pm2.pid'), '5');
  await expect(supervisor.assertAnswers()).rejects.toThrow('rpc.sock: ENOENT');
  const daemon = createServer().listen(join(folder.path, 'rpc.sock'));
  await once(daemon, 'listening');
  await supervisor.assertAnswers();
  expect(supervisor.isOurs).toBe(true);
  parentPid = 1;
  expect(supervisor.isOurs).toBe(false);
  await expect(supervisor.assertAnswers()).rejects.toThrow(SupervisorGone);
  daemon.close();
  await once(daemon, 'close');
});

it('remembers the wanted size for one life of the supervisor', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'state', 'balancer.json');
  const wanted = new WantedSize(path, '5 100');
  expect(await wanted.load()).toBeUndefined();
  await wanted.save({ state: 'stopped', size: 7 });
  expect(await wanted.load()).toEqual({ state: 'stopped', size: 7 });
  expect(await new WantedSize(path, '5 200').load()).toBeUndefined();
  await writeFile(path, '{"supervisor":"5 100","state":"running","size":0}');
  expect(await wanted.load()).toBeUndefined();
  await writeFile(path, '{"sup');
  expect(await wanted.load()).toBeUndefined();
});

it('warns of tcp_migrate_req only when it is 0', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'value');
  expect(await readTcpMigrateReq(path)).toBe('unknown');
  await writeFile(path, '0\n');
  expect(tcpMigrateReqWarning(await readTcpMigrateReq(path))).toContain('tcp_migrate_req is 0');
  await writeFile(path, '1\n');
  expect(tcpMigrateReqWarning(await readTcpMigrateReq(path))).toBeUndefined();
});
