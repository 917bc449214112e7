import { describe, expect, it } from 'vitest';
import { isThemeFile, themeFault, themeNames } from './themes.ts';

describe('files of themes', () => {
  it.each(['wake.html', 'wake-blue.html', 'wake-our-2nd.html'])('%s is one', (name) => {
    expect(isThemeFile(name)).toBe(true);
  });

  it.each(['wake.txt', 'wake-.html', 'wake-Blue.html', 'wake-a/b.html', 'awake.html', `wake-${'a'.repeat(33)}.html`])(
    '%s is none',
    (name) => {
      expect(isThemeFile(name)).toBe(false);
    },
  );

  it('gives their names, with those that are there anyway', () => {
    expect(themeNames(['wake.html', 'wake-blue.html', '503.html'])).toEqual(['blue', 'plain', 'terminal']);
  });
});

describe('a theme', () => {
  it.each(['{{script}}', '<p>{{ refresh }}</p>'])('is fine with %s', (content) => {
    expect(themeFault(content)).toBeUndefined();
  });

  it('must not stay for ever', () => {
    expect(themeFault('{{message}} {{scripts}}')).toContain('stay for ever');
  });

  it('has no script of its own', () => {
    expect(themeFault('{{script}}<SCRIPT src=x>')).toContain('{{script}} is enough');
  });
});
