/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/;
/** RFC 9110 section 5.5: no control character but tab, or a value could begin a header of its own (response splitting). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

/** Framing and hop-by-hop fields are dproxy's own: a second opinion about them is request smuggling. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether rules of a file or a label must leave this field alone; `content_length` is CONTENT_LENGTH to CGI and WSGI. */
export function isOwnField(name: string): boolean {
  return OWN_FIELDS.has(name.toLowerCase().replaceAll('_', '-'));
}

/** The name in lower case; undefined when no header can have it. */
export function canonicalFieldName(raw: string): string | undefined {
  const name = raw.toLowerCase();
  return TOKEN.test(name) ? name : undefined;
}

/** One line of Latin-1, at most 8,192 characters. */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}
