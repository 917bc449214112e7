import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { compatibilityPage } from './compatibility-page.ts';
import { NEIGHBOURS } from './neighbours.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md');

it('is made from the examples: node scripts/write-compatibility.ts', async () => {
  expect(await readFile(page, 'utf8')).toBe(compatibilityPage(NEIGHBOURS));
});

it('says why, wherever something is not as it was', () => {
  const silent = NEIGHBOURS.flatMap(({ examples }) => examples).filter(
    ({ verdict, note = '' }) => (verdict === 'works') !== (note === ''),
  );
  expect(silent).toEqual([]);
});

it('leads to pages that there are', async () => {
  const pages = new Set(NEIGHBOURS.map(({ page: name }) => name));
  const texts = await Promise.all([...pages].map((name) => readFile(join(dirname(page), name), 'utf8')));
  expect(texts.filter((text) => !text.startsWith('# '))).toEqual([]);
});
