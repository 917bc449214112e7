import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NATIVE_KEYS } from './native-keys.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/labels.md'), 'utf8');

it('docs/labels.md has a row for every key, and no other', () => {
  const documented = [...PAGE.matchAll(/^\| `dproxy\.([\w.]+?)(?:<name>|<\.\.\.>)?` \|/gm)].map(([, key]) => key ?? '');
  expect(documented.sort()).toEqual(NATIVE_KEYS.map(({ key }) => key).sort());
});
