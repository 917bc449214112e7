import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Pm2Program } from './pm2-program.ts';
import { Supervisor, SupervisorGone } from './supervisor.ts';

const PM2 = join(createRequire(import.meta.url).resolve('pm2/package.json'), '..', 'bin', 'pm2');

/** It was there when it was asked. */
class Ending extends Supervisor {
  override async assertAnswers(): Promise<void> {}
}

it('starts no daemon in place of one that ends while a command begins, and says so', async () => {
  await using folder = await tempFolder('dp-');
  const supervisor = new Ending({ pm2Home: folder.path, pid: 1_000_000, parentPid: () => 1 });
  const pm2 = new Pm2Program({ supervisor, nodePath: process.execPath, pm2Path: PM2, env: {} });
  await expect(pm2.run(['scale', 'dproxy-worker', '2'])).rejects.toThrow(SupervisorGone);
  await expect(access(join(folder.path, 'pm2.pid'))).rejects.toThrow('ENOENT');
});
