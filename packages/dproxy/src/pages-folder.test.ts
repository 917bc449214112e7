import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { readPagesFolder } from './pages-folder.ts';

test('pages and themes of the waiting page are read; what is neither is said, alone', async () => {
  await using folder = await tempFolder();
  const files = {
    '503.html': 'x',
    'wake.html': '{{script}}',
    'wake-blue.html': '{{refresh}}',
    'wake-red.html': 'no way out',
    'wakeful.html': '{{script}}',
    '.hidden': 'x',
  };
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder.path, name), content)));
  const { pages, rejected } = await readPagesFolder(folder.path);
  expect(pages.map(({ id }) => id)).toEqual(['503.html', 'wake-blue.html', 'wake.html']);
  expect(rejected.map(({ source, message }) => [source, message])).toEqual([
    [join(folder.path, 'wake-red.html'), expect.stringContaining('stay for ever')],
    [join(folder.path, 'wakeful.html'), 'its name is not that of a page'],
  ]);
});

test('no folder is no page; a folder that is not there is said', async () => {
  expect(await readPagesFolder('')).toEqual({ pages: [], rejected: [] });
  const { rejected } = await readPagesFolder('/nowhere/at/all');
  expect(rejected).toMatchObject([{ source: '/nowhere/at/all' }]);
});
