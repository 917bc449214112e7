import type { Rejection, WakeGroup } from '@dproxy/core';
import { themeNames } from '@dproxy/proxy';

/** Groups whose waiting page has a theme that does not exist; they get the default one. */
export function unknownThemes(
  groups: ReadonlyMap<string, WakeGroup>,
  pages: ReadonlyMap<string, unknown>,
): readonly Rejection[] {
  const asked = [...groups.values()].filter(({ theme }) => theme !== '');
  if (asked.length === 0) return [];
  const known = themeNames(pages.keys());
  return asked
    .filter(({ theme }) => !known.includes(theme))
    .map(({ id, theme }) => ({
      source: id,
      line: 0,
      column: 0,
      message: `the theme ${theme} of its waiting page is unknown; it has the default one`,
      expected: `one of ${known.join(', ')}, or a file wake-<theme>.html in the folder of pages`,
    }));
}
