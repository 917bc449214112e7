import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureToken, isSameToken, readToken } from './token.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-'));
  path = join(folder, 'state', 'api.token');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('the first start makes a token that only its owner can read; later ones read it', async () => {
  expect(await readToken(path)).toBeUndefined();
  const token = await ensureToken(path);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await ensureToken(path)).toBe(token);
  expect(await readToken(path)).toBe(token);
});

test('of several that start at once all end with one token, and nothing else is left', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, () => ensureToken(path)));
  expect(new Set(tokens).size).toBe(1);
  expect(await readdir(join(folder, 'state'))).toEqual(['api.token']);
});

test('a token file that others can read is closed', async () => {
  await ensureToken(path);
  await chmod(path, 0o644);
  await ensureToken(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each(['', '\n', 'two words', 'x'.repeat(5_000), 'tök'])(
  'a file that holds no token is an error: %j',
  async (content) => {
    await ensureToken(path);
    await writeFile(path, content);
    await expect(ensureToken(path)).rejects.toThrow(/expected (one line|a token)/);
  },
);

test('only equal tokens are the same, and the empty one never is', () => {
  expect(isSameToken('abc', 'abc')).toBe(true);
  expect(isSameToken('abc', 'abcd')).toBe(false);
  expect(isSameToken('', '')).toBe(false);
});
