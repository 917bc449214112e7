import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemScheduler } from '@dproxy/config';
import { collectLog, eventually, tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { TestAuthority } from '../fixtures/test-authority.ts';
import { FileCertificateStore } from '../store/file-certificate-store.ts';
import { benchOf, routesOf } from './fixtures/bench.ts';

it('serves on, orders nothing and says what to do when somebody removes the state folder', async () => {
  await using folder = await tempFolder();
  const log = collectLog();
  const directory = join(folder.path, 'certificates');
  const store = await FileCertificateStore.open({ directory, log, now: Date.now });
  const { names, chainPem, keyPem } = await (await TestAuthority.create()).issue(['a.example.com']);
  await store.save({ names, certificatePem: chainPem, keyPem, authority: 'letsencrypt' });
  // The bench's own clock and store are not used.
  const { upkeep, issuer, served, start } = benchOf({ more: { store, scheduler: systemScheduler, log } });
  upkeep.want(routesOf('a.example.com'), []);
  await start();
  expect(served()).toEqual(['a.example.com']);
  await rm(directory, { recursive: true });
  upkeep.want(routesOf('a.example.com', 'b.example.com'), []);
  const failed = await eventually(() => upkeep.views().find(({ state }) => state === 'failed'));
  expect(failed.names).toEqual(['b.example.com']);
  expect(failed.problem).toContain('put it back, or start dproxy again');
  await expect(store.load()).rejects.toThrow('put it back, or start dproxy again');
  expect(served()).toEqual(['a.example.com']);
  expect(issuer.orders).toEqual([]);
  await upkeep.stop();
  const again = await FileCertificateStore.open({ directory, log, now: Date.now });
  expect(await again.load()).toEqual([]);
});
