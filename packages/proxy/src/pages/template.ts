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

export const PAGE_FIELDS: ReadonlySet<keyof PageFields> = new Set<keyof PageFields>([
  'status',
  'title',
  'message',
  'requestId',
  'host',
]);

/** A value that goes into HTML as it is: markup of our own, in which everything foreign is escaped already. */
export interface Markup {
  readonly html: string;
}

/** Text, field, text, field, ..., text: rendering is one concatenation. */
export interface Template<Name extends string = keyof PageFields> {
  readonly type: PageType;
  readonly texts: readonly string[];
  readonly fields: readonly Name[];
}

/** Placeholders are `{{name}}`; a name that is none of `names` stays as it is written. */
export function compileTemplate<Name extends string>(
  source: string,
  type: PageType,
  names: ReadonlySet<Name>,
): Template<Name> {
  const texts: string[] = [];
  const fields: Name[] = [];
  let start = 0;
  for (const match of source.matchAll(/\{\{\s{0,8}([a-zA-Z]{1,16})\s{0,8}\}\}/g)) {
    const name = match[1] ?? '';
    if (!isIn(names, name)) continue;
    texts.push(source.slice(start, match.index));
    fields.push(name);
    start = match.index + match[0].length;
  }
  texts.push(source.slice(start));
  return { type, texts, fields };
}

/** Values are escaped for the template's type and are not read for placeholders again. */
export function fillTemplate<Name extends string>(
  template: Template<Name>,
  fields: Readonly<Record<Name, string | Markup>>,
): string {
  let text = template.texts[0] ?? '';
  for (const [index, name] of template.fields.entries()) {
    const value: string | Markup = fields[name];
    text += typeof value === 'string' ? escape(value, template.type) : value.html;
    text += template.texts[index + 1] ?? '';
  }
  return text;
}

function isIn<Name extends string>(names: ReadonlySet<Name>, name: string): name is Name {
  return (names as ReadonlySet<string>).has(name);
}

/** As a placeholder's value is written into a page of this type. */
export function escape(value: string, type: PageType): string {
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
