import type { WakeGroup } from '@dproxy/core';
import { expect, test } from 'vitest';
import { unknownThemes } from './unknown-themes.ts';

test('a theme that nobody has made is said, and which there are', () => {
  const themes = ['', 'terminal', 'blue', 'red'];
  const groups = new Map(themes.map((theme) => [`docker/group:${theme}`, groupOf(theme)]));
  const pages = new Map([
    ['wake-blue.html', {}],
    ['503.html', {}],
  ]);
  expect(unknownThemes(groups, pages)).toEqual([
    {
      source: 'docker/group:red',
      line: 0,
      column: 0,
      message: expect.stringContaining('red'),
      expected: expect.stringContaining('one of blue, plain, terminal'),
    },
  ]);
});

function groupOf(theme: string): WakeGroup {
  return { id: `docker/group:${theme}`, name: theme, autostart: true, timeoutMs: 1, browsers: 'page', theme };
}
