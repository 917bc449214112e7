import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filterList } from '../schema/filters/filter-list.ts';
import { parseFile } from './parse-file.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/filters.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);
const HASH = `$2y$10$${'a'.repeat(53)}`;

/** A whole file, or a list of filters. */
function asFile(text: string): string {
  const filled = text.replaceAll('$2y$10$...', () => HASH);
  if (!filled.startsWith('- ')) return filled;
  const list = filled.replaceAll(/^/gm, '      ');
  return `routes:\n  - host: a.test\n    to: http://127.0.0.1:3000\n    filters:\n${list}\n`;
}

it.each(BLOCKS)('docs/filters.md shows what can be used:\n%s', (block) => {
  const { rejected, definitions } = parseFile({ path: '/etc/dproxy.yml', text: asFile(block), seenMs: 1 });
  expect(rejected).toEqual([]);
  expect(definitions[0]?.filters?.length).toBeGreaterThan(0);
});

it('docs/filters.md shows every type of filter', () => {
  const { error } = filterList().safeParse([{ nothing: 1 }]);
  const known = JSON.stringify(error?.issues ?? []);
  const shown = [...PAGE.matchAll(/^\s*- ([a-zA-Z]+)\b/gm)].map(([, type]) => type);
  for (const type of ['stripPrefix', 'rateLimit', 'mirror']) expect(known).toContain(type);
  const types = [...new Set(known.match(/use, [a-zA-Z, ]+/)?.[0].split(', '))];
  expect(types.filter((type) => !shown.includes(type))).toEqual([]);
});
