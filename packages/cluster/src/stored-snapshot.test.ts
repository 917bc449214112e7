import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashContent, silentLog, type Snapshot } from '@dproxy/core';
import { snapshotOf, tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { fixtureTable } from './fixtures/fixture-table.ts';
import { loadStoredSnapshot, StoredSnapshot } from './stored-snapshot.ts';

const NOW = 1_800_000_000_000;

async function save(folder: string, ...snapshots: Snapshot[]): Promise<string> {
  const path = join(folder, 'snapshot.json');
  const stored = new StoredSnapshot({ path, bootId: 'boot', nowMs: () => NOW, log: silentLog });
  for (const snapshot of snapshots) stored.save(snapshot);
  await stored.close();
  return path;
}

it('keeps the newest table, readable by its owner only, and leaves no drafts', async () => {
  await using folder = await tempFolder();
  const path = await save(folder.path, ...[1, 2, 3].map((version) => fixtureTable({ version, firstPort: version })));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(['snapshot.json']);
  const loaded = await loadStoredSnapshot({ path, bootId: 'boot', nowMs: () => NOW });
  expect(loaded).toEqual(fixtureTable({ version: 3, firstPort: 3 }));
});

it('keeps container backends for a minute within the same boot', async () => {
  await using folder = await tempFolder();
  const table = fixtureTable({ containers: 1 });
  const path = await save(folder.path, table);
  expect(await loadStoredSnapshot({ path, bootId: 'boot', nowMs: () => NOW + 60_000 })).toEqual(table);
});

it.each([
  ['after a minute', 'boot', NOW + 60_001],
  ['after another boot', 'other', NOW],
  ['when the clock was set back', 'boot', NOW - 5_000],
])('stops container backends %s, and leaves file backends as they are', async (_when, bootId, nowMs) => {
  await using folder = await tempFolder();
  const table = fixtureTable({ containers: 1 });
  const path = await save(folder.path, table);
  const loaded = await loadStoredSnapshot({ path, bootId, nowMs: () => nowMs });
  const backends = [...(loaded?.backends.values() ?? [])];
  expect(backends.find(({ containerId }) => containerId !== '')).toMatchObject({ state: 'stopped', address: '' });
  expect(backends.find(({ containerId }) => containerId === '')).toMatchObject({
    state: 'ready',
    address: '127.0.0.1',
  });
  expect(loaded?.routes).toEqual(table.routes);
});

it.each(['stopped', 'paused', 'starting'] as const)('lets a URL be tried that was %s then', async (state) => {
  await using folder = await tempFolder();
  const to = (id: string, containerId: string) => ({ id, port: 80, containerId, state, reason: 'it slept' });
  const table = snapshotOf({ routes: { 'a.test': to('file:a', ''), 'b.test': to('docker:b', 'b-id') } });
  const path = await save(folder.path, { ...table, hash: hashContent(table) });
  const loaded = await loadStoredSnapshot({ path, bootId: 'other', nowMs: () => NOW });
  const states = ['file:a', 'docker:b'].map((id) => loaded?.backends.get(id)?.state);
  expect(states).toEqual(['ready', 'stopped']);
});

it('is undefined when there is none, and an error when it is damaged', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'snapshot.json');
  const options = { path, bootId: 'boot', nowMs: () => NOW };
  expect(await loadStoredSnapshot(options)).toBeUndefined();
  await writeFile(path, '{"format":2}');
  await expect(loadStoredSnapshot(options)).rejects.toThrow('format 2, expected 1');
  await writeFile(path, '{"form');
  await expect(loadStoredSnapshot(options)).rejects.toThrow(SyntaxError);
  await save(folder.path, fixtureTable());
  await writeFile(path, (await readFile(path, 'utf8')).replace('r0.test', 'r9.test'));
  await expect(loadStoredSnapshot(options)).rejects.toThrow('hash');
});
