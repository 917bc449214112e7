// Orders and the certificate store together: what a primary has after a restart.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileCertificateStore } from '@dproxy/certs';
import { tempFolder } from '@dproxy/testkit';
import { AuthorityUnderTest, never } from './authority.ts';

test('account and certificates of a name and of an address outlive a restart, for their owner only', async () => {
  await using subject = await AuthorityUnderTest.start();
  await using folder = await tempFolder();
  const open = () => FileCertificateStore.open({ directory: folder.path, log: subject.log, now: Date.now });
  const before = await open();
  const issuer = subject.newIssuer({ store: before });
  const saved = [
    await before.save(await issuer.issue(subject.request(['kept.example.com']), never())),
    await before.save(await issuer.issue(subject.request(['127.0.0.1']), never())),
  ];

  const after = await open();
  const loaded = await after.load();
  expect(loaded.map(({ id }) => id).sort()).toEqual(saved.map(({ id }) => id).sort());
  await subject.newIssuer({ store: after }).issue(subject.request(['more.example.com']), never());
  expect(subject.pebble.requests('sign-me-up')).toBe(1);
  const documents = join(folder.path, 'documents');
  const [account = ''] = await readdir(documents);
  expect(account).toMatch(/^account-127-0-0-1-[0-9a-f]{12}\.json$/);
  expect((await stat(join(documents, account))).mode & 0o777).toBe(0o600);
});
