import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { ensurePrivateFolder } from './private-folder.ts';

it('makes a folder that only its owner can enter, and closes one that was open', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'a', 'run');
  await ensurePrivateFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await chmod(path, 0o755);
  await ensurePrivateFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

it('refuses a shared folder and leaves it as it is, and a link', async () => {
  await using folder = await tempFolder();
  const shared = join(folder.path, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  await expect(ensurePrivateFolder(shared)).rejects.toThrow('found a shared folder, expected one of our own');
  expect((await stat(shared)).mode & 0o7777).toBe(0o1777);
  await symlink(shared, join(folder.path, 'link'));
  await expect(ensurePrivateFolder(join(folder.path, 'link'))).rejects.toThrow('found a link');
});
