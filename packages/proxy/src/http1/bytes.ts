export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** A byte of a field name: 0 not allowed, 1 letter, digit or `-`, 2 any other token character (RFC 9110 section 5.6.2). */
export const NAME_CLASS: Uint8Array = tableOf((byte) => {
  const char = String.fromCharCode(byte);
  if (/[0-9A-Za-z-]/.test(char)) return 1;
  return /[!#$%&'*+.^_`|~]/.test(char) ? 2 : 0;
});

/** 1 for a byte that a field value may hold: HTAB, visible, space and obs-text (RFC 9110 section 5.5). No CTL, no DEL. */
export const VALUE_CLASS: Uint8Array = tableOf((byte) => (byte === HTAB || (byte >= SP && byte !== 0x7f) ? 1 : 0));

/** The digit that a byte stands for in hexadecimal, or 255. */
export const HEX_DIGIT: Uint8Array = tableOf((byte) => {
  const char = String.fromCharCode(byte);
  return /[0-9A-Fa-f]/.test(char) ? Number.parseInt(char, 16) : 255;
});

function tableOf(classOf: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));
}

/**
 * A piece of a head as text, one character per byte. The result shares nothing with the buffer, which may be reused at once.
 */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

/**
 * A list's element without the SP and HTAB around it. Not `trim()`, which takes a no-break space (0xA0), too; and no regular
 * expression: `[\t ]+$` looks at a run of blanks once per blank, which made of a head of 32 KiB almost a second of work.
 */
export function withoutPadding(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}
