import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectLog, eventually, tempFolder } from '@dproxy/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { PagesWatch } from './pages-watch.ts';

test('a page that is written is noticed, and after another folder was followed only there', async () => {
  await using one = await tempFolder();
  await using two = await tempFolder();
  let changes = 0;
  const pages = new PagesWatch(collectLog(), () => (changes += 1));
  onTestFinished(() => pages.stop());
  pages.follow(one.path);
  await writeFile(join(one.path, '503.html'), 'x');
  await eventually(() => changes === 1);
  pages.follow(two.path);
  await writeFile(join(one.path, '503.html'), 'y');
  await writeFile(join(two.path, '404.html'), 'z');
  await eventually(() => changes === 2);
  expect(changes).toBe(2);
});

test('a folder that is not there is said, and ends nothing', async () => {
  await using folder = await tempFolder();
  const log = collectLog();
  const pages = new PagesWatch(log, () => {});
  pages.follow(join(folder.path, 'nowhere'));
  pages.stop();
  expect(log.messages('warn')).toEqual(['the folder of pages cannot be watched']);
});
