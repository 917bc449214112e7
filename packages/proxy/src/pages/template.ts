import type { PageType } from './accept.ts';

/** What a page may say: nothing of the inside, and nothing of other sites. */
export interface PageFields {
  readonly status: string;
  /** The standard phrase of the status, such as `Bad Gateway`. */
  readonly title: string;
  readonly message: string;
  readonly requestId: string;
  /** The host that the client asked for; empty when it is unknown. */
  readonly host: string;
}

const FIELD_NAMES: ReadonlySet<string> = new Set<keyof PageFields>(['status', 'title', 'message', 'requestId', 'host']);

/** Text, field, text, field, ..., text: rendering is one concatenation. */
export interface Template {
  readonly type: PageType;
  readonly texts: readonly string[];
  readonly fields: readonly (keyof PageFields)[];
}

/** Placeholders are `{{name}}`; a name that is none of `PageFields` stays as it is written. */
export function compileTemplate(source: string, type: PageType): Template {
  const texts: string[] = [];
  const fields: (keyof PageFields)[] = [];
  let start = 0;
  for (const match of source.matchAll(/\{\{\s{0,8}([a-zA-Z]{1,16})\s{0,8}\}\}/g)) {
    const name = match[1] ?? '';
    if (!isField(name)) continue;
    texts.push(source.slice(start, match.index));
    fields.push(name);
    start = match.index + match[0].length;
  }
  texts.push(source.slice(start));
  return { type, texts, fields };
}

/** Values are escaped for the template's type and are not read for placeholders again. */
export function fillTemplate(template: Template, fields: PageFields): string {
  let text = template.texts[0] ?? '';
  for (const [index, name] of template.fields.entries()) {
    text += escape(fields[name], template.type) + (template.texts[index + 1] ?? '');
  }
  return text;
}

function isField(name: string): name is keyof PageFields {
  return FIELD_NAMES.has(name);
}

function escape(value: string, type: PageType): string {
  switch (type) {
    case 'html':
      return value.replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
    case 'json':
      return JSON.stringify(value).slice(1, -1);
    case 'txt':
      // A terminal obeys escape sequences: curl would let a crafted host move the cursor or set the title.
      return value.replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
    default:
      return type satisfies never;
  }
}
