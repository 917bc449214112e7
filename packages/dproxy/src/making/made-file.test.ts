import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { collectLog, tempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MadeFile } from './made-file.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let path: string;

beforeEach(async () => {
  folder = await tempFolder();
  path = join(folder.path, 'made.json');
});
afterEach(() => folder.remove());

const RECORD = { name: 'web', id: 'ab'.repeat(32), image: 'docker.io/library/nginx', tag: '1', engine: 'a' };

test('what was saved is loaded, and only its owner can read it', async () => {
  const ledger = { instance: 'ab'.repeat(16), containers: [RECORD] };
  await new MadeFile(path, silentLog).save(ledger);
  expect(await new MadeFile(path, silentLog).load()).toEqual(ledger);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('each state folder begins with a value of its own', async () => {
  const [one, other] = [await new MadeFile(path, silentLog).load(), await new MadeFile(path, silentLog).load()];
  expect(one.instance).toMatch(/^[0-9a-f]{32}$/);
  expect(one.instance).not.toBe(other.instance);
});

test.each([
  '[]',
  '{"instance":"x","containers":[]}',
  `{"instance":"${'ab'.repeat(16)}","containers":[null]}`,
  JSON.stringify({ instance: 'ab'.repeat(16), containers: [{ ...RECORD, id: '../x' }] }),
  JSON.stringify({ instance: 'ab'.repeat(16), containers: [{ ...RECORD, engine: 1 }] }),
])('%s is said and counts as empty', async (text) => {
  await writeFile(path, text);
  const log = collectLog();
  expect((await new MadeFile(path, log).load()).containers).toEqual([]);
  expect(JSON.stringify(log)).toContain('the ledger of made containers cannot be used');
});
