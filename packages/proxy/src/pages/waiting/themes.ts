import type { PageOverride } from '@dproxy/core';
import { compileTemplate, type Template } from '../template.ts';
import { DEFAULT_THEME } from './default-theme.ts';
import { PLAIN_THEME } from './plain-theme.ts';
import { TERMINAL_THEME } from './terminal-theme.ts';

/** What a theme may say. `steps`, `script` and `refresh` are markup. */
const FIELDS = [
  'name',
  'host',
  'state',
  'heading',
  'message',
  'steps',
  'log',
  'retryAfter',
  'script',
  'refresh',
] as const;

export type ThemeField = (typeof FIELDS)[number];

const FIELD_NAMES: ReadonlySet<ThemeField> = new Set(FIELDS);

/** A waiting page's look, ready to be filled. */
export interface Theme {
  readonly template: Template<ThemeField>;
  readonly isBuiltIn: boolean;
}

const BUILT_IN: ReadonlyMap<string, Theme> = new Map([
  ['', theme(DEFAULT_THEME, true)],
  ['terminal', theme(TERMINAL_THEME, true)],
  ['plain', theme(PLAIN_THEME, true)],
]);

/** `wake.html` is the default theme, `wake-blue.html` the theme `blue`. */
const FILE_NAME = /^wake(?:-([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?))?\.html$/;

/** Whether a file of the pages folder is a theme of the waiting page. */
export function isThemeFile(name: string): boolean {
  return FILE_NAME.test(name);
}

/** By name, the default one as ''. What cannot be used is left out: its groups get the default theme. */
export function compileThemes(overrides: ReadonlyMap<string, PageOverride>): ReadonlyMap<string, Theme> {
  const themes = new Map(BUILT_IN);
  for (const [file, { content }] of overrides) {
    const match = FILE_NAME.exec(file);
    if (match !== null && themeFault(content) === undefined) themes.set(match[1] ?? '', theme(content, false));
  }
  return themes;
}

/** Names of the themes that there are with these files of the pages folder; the default one has none. */
export function themeNames(files: Iterable<string>): readonly string[] {
  const own = Array.from(files, (file) => FILE_NAME.exec(file)?.[1] ?? '');
  return [...new Set([...BUILT_IN.keys(), ...own])].filter((name) => name !== '').sort();
}

/** Why a theme cannot be used, in a sentence for its author; undefined: it can. */
export function themeFault(content: string): string | undefined {
  const { fields } = compileTemplate(content, 'html', FIELD_NAMES);
  if (!fields.includes('script') && !fields.includes('refresh')) {
    return 'it has neither {{script}} nor {{refresh}}: the page would stay for ever';
  }
  if (/<script[\s/>]/i.test(content))
    return 'it has a script of its own, which no browser would run: {{script}} is enough';
  return undefined;
}

function theme(content: string, isBuiltIn: boolean): Theme {
  return { template: compileTemplate(content, 'html', FIELD_NAMES), isBuiltIn };
}
