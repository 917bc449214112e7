import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { markInstance } from './instance-marker.ts';

test('a running instance has a file with its pid and the time of its start, until it ends', async () => {
  await using folder = await tempFolder();
  const marks = join(folder.path, 'node_modules', '.dproxy-instances');
  const unmark = await markInstance(folder.path, silentLog);
  expect(await readdir(marks)).toEqual([String(process.pid)]);
  const startTime = await readFile(join(marks, String(process.pid)), 'utf8');
  expect((await readFile('/proc/self/stat', 'utf8')).split(' ')).toContain(startTime);
  await unmark();
  expect(await readdir(marks)).toEqual([]);
});
