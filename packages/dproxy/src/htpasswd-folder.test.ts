import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { HtpasswdFolder } from './htpasswd-folder.ts';

test('files are read by name, hidden ones and folders are not, and changes are told', async () => {
  await using temp = await tempFolder('dp-ht-');
  const folder = join(temp.path, 'htpasswd');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, 'a.test'), 'me:x');
  await writeFile(join(folder, '.hidden'), 'x');
  let changed = Promise.withResolvers<void>();
  const watched = new HtpasswdFolder(silentLog, () => changed.resolve());
  try {
    expect(await watched.follow(folder)).toEqual([['a.test', 'me:x']]);
    await writeFile(join(folder, 'a.test'), 'me:y');
    await changed.promise;
    changed = Promise.withResolvers();
    expect(await watched.follow(folder)).toEqual([['a.test', 'me:y']]);
    await writeFile(join(folder, 'b.test'), '');
    await changed.promise;
    expect(await watched.follow(folder)).toEqual([
      ['a.test', 'me:y'],
      ['b.test', ''],
    ]);
    expect(await watched.follow('')).toEqual([]);
  } finally {
    watched.stop();
  }
});

test('a folder that is not there is unreadable, which is more than empty, and its return is told', async () => {
  await using temp = await tempFolder('dp-ht-');
  const folder = join(temp.path, 'htpasswd');
  const changed = Promise.withResolvers<void>();
  const watched = new HtpasswdFolder(silentLog, () => changed.resolve());
  try {
    expect(await watched.follow(folder)).toBe('unreadable');
    await mkdir(folder);
    await changed.promise;
    expect(await watched.follow(folder)).toEqual([]);
    await rm(folder, { recursive: true });
    expect(await watched.follow(folder)).toBe('unreadable');
  } finally {
    watched.stop();
  }
});
