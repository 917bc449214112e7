import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import type { SleepRecord } from '@dproxy/discovery';
import { collectLog, tempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SleepBook } from './sleep-book.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let path: string;

beforeEach(async () => {
  folder = await tempFolder();
  path = join(folder.path, 'sleeping.json');
});
afterEach(() => folder.remove());

const RECORD: SleepRecord = {
  group: 'docker:a/project:shop',
  method: 'stop',
  sinceMs: 1_000,
  containers: [{ id: 'ab'.repeat(32), startedMs: 500 }],
};

test('what was written is there after a restart, and only its owner can read it', async () => {
  const before = await SleepBook.open(path, silentLog);
  await before.add(RECORD);
  before.setWokenFor('docker:a/project:__proto__', 7_000);
  await before.close();
  const after = await SleepBook.open(path, silentLog);
  expect(after.get(RECORD.group)).toEqual(RECORD);
  expect(after.wokenForMs('docker:a/project:__proto__')).toBe(7_000);
  expect(after.groups()).toEqual([RECORD.group, 'docker:a/project:__proto__']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a group that runs again keeps the awake time that it was woken for; one that is gone keeps nothing', async () => {
  const book = await SleepBook.open(path, silentLog);
  await book.add(RECORD);
  book.setWokenFor(RECORD.group, 7_000);
  book.remove(RECORD.group);
  expect([book.get(RECORD.group), book.wokenForMs(RECORD.group)]).toEqual([undefined, 7_000]);
  book.forget(RECORD.group);
  await book.close();
  expect((await SleepBook.open(path, silentLog)).groups()).toEqual([]);
});

test('a first start says nothing', async () => {
  const log = collectLog();
  expect((await SleepBook.open(path, log)).groups()).toEqual([]);
  expect(log.entries).toEqual([]);
});

test.each([
  '{"version":1,"asl',
  'null',
  '[]',
  JSON.stringify({ version: 2, asleep: [], wokenForMs: [] }),
  JSON.stringify({ version: 1, asleep: [{ ...RECORD, method: 'remove' }], wokenForMs: [] }),
  JSON.stringify({ version: 1, asleep: [{ ...RECORD, containers: [null] }], wokenForMs: [] }),
  JSON.stringify({ version: 1, asleep: [], wokenForMs: [['g']] }),
])('%s is said and counts as empty', async (text) => {
  await writeFile(path, text);
  const log = collectLog();
  expect((await SleepBook.open(path, log)).groups()).toEqual([]);
  expect(log.entries.map(({ level }) => level)).toEqual(['error']);
});
