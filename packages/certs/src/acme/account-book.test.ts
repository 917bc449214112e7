import { expect, test } from 'vitest';
import { AccountBook, accountName } from './account-book.ts';

const AUTHORITY = { name: 'ca', directory: 'https://acme.ca.test/v2/dir', eab: undefined, profile: '', caFile: '' };

test('the name tells the host, and every directory and external account has its own', () => {
  const names = [
    accountName(AUTHORITY),
    accountName({ ...AUTHORITY, directory: 'https://acme.ca.test/v2-staging/dir' }),
    accountName({ ...AUTHORITY, eab: { kid: 'one', hmacKey: 'a' } }),
    accountName({ ...AUTHORITY, eab: { kid: 'two', hmacKey: 'a' } }),
  ];
  for (const name of names) expect(name).toMatch(/^account-acme-ca-test-[0-9a-f]{12}$/);
  expect(new Set(names).size).toBe(4);
});

test('what it is called in dproxy.yml, its profile and a new secret of the same external account do not matter', () => {
  const eab = { kid: 'one', hmacKey: 'a' };
  const renamed = { ...AUTHORITY, name: 'main', profile: 'short', eab: { ...eab, hmacKey: 'b' } };
  expect(accountName(renamed)).toBe(accountName({ ...AUTHORITY, eab }));
});

test('a long host stays within what the store takes for a file name as it is', () => {
  const directory = `https://${'a'.repeat(60)}.${'b'.repeat(60)}.test/dir`;
  expect(accountName({ ...AUTHORITY, directory })).toMatch(/^[a-z0-9][a-z0-9-]{0,59}$/);
});

test('a store that fails is told as such', async () => {
  const readState = () => Promise.reject(new Error('EIO'));
  const writeState = () => Promise.reject(new Error('ENOSPC'));
  const book = new AccountBook({ readState, writeState });
  await expect(book.read(AUTHORITY)).rejects.toMatchObject({ problem: 'internal', cause: { message: 'EIO' } });
  await expect(book.write(AUTHORITY, { keyPem: '', url: '', email: '' })).rejects.toMatchObject({
    problem: 'internal',
    advice: expect.stringContaining('state folder'),
  });
});

test('what is not an account is none', async () => {
  for (const value of [
    undefined,
    null,
    5,
    [],
    {},
    { keyPem: 'x', url: '', email: '' },
    { keyPem: 1, url: 2, email: 3 },
  ]) {
    const book = new AccountBook({ readState: () => Promise.resolve(value), writeState: () => Promise.resolve() });
    // oxlint-disable-next-line no-await-in-loop -- one after another
    expect(await book.read(AUTHORITY)).toBeUndefined();
  }
});
