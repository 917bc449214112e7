import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './paths.ts';

const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules'] });

it.each(PAGES)('every relative link of %s leads somewhere', (page) => {
  const path = join(ROOT, page);
  const links = [...withoutCode(readFileSync(path, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(path, link));
  expect(broken).toEqual([]);
});

it('the README leads to every page', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const pages = PAGES.filter((page) => /^docs\/[^/]+\.md$/.test(page));
  expect(pages.filter((page) => !readme.includes(`(${page})`))).toEqual([]);
});

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : join(dirname(from), file);
  // A link out of the repository would be dead for everybody else.
  if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
}

/** As GitHub makes them from headings. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => heading ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}
