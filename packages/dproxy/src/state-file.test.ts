import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { collectLog, tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { readStateFile, StateFile } from './state-file.ts';

test('what was saved last is what is read, and only its owner can read it', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'run', 'x.json');
  const file = new StateFile(path, silentLog);
  for (const n of [1, 2, 3]) file.save({ n });
  await file.close();
  expect(await readStateFile(path)).toEqual({ n: 3 });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a missing or a torn file reads as nothing', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'x.json');
  expect(await readStateFile(path)).toBeUndefined();
  await writeFile(path, '{"half');
  expect(await readStateFile(path)).toBeUndefined();
});

test('a folder that cannot be written is said, and ends nothing', async () => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'blocked'), '');
  const log = collectLog();
  const file = new StateFile(join(folder.path, 'blocked', 'x.json'), log);
  file.save({});
  await file.close();
  expect(log.entries.map(({ level }) => level)).toEqual(['error']);
});
