/** So much of a line is looked at, before what is no text is taken out of it. */
const MAX_RAW_CHARACTERS = 4_096;
/** Control characters, what changes the direction or joins unseen, line ends of Unicode, and what has no meaning of its own. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu;

/**
 * One line of text without anything that is not seen: whoever writes it must not act on those who read it, be it in a terminal or
 * on a page. Half characters become U+FFFD. Linear in its length, whatever it holds.
 *
 * @param maxCharacters UTF-16 units; what is cut off ends in an ellipsis
 */
export function plainText(raw: string, maxCharacters: number): string {
  const text = withoutEscapes(raw.slice(0, MAX_RAW_CHARACTERS).replaceAll('\t', ' ')).trimEnd();
  // A progress bar writes over itself: what it has written last is what is seen.
  const seen = text
    .slice(text.lastIndexOf('\r') + 1)
    .replaceAll(UNSEEN, '')
    .trimEnd();
  return seen.length <= maxCharacters ? seen.toWellFormed() : `${seen.slice(0, maxCharacters - 1).toWellFormed()}…`;
}

const BELL = 0x07;
const ESCAPE = 0x1b;
/** String terminator, of 8 bits; in 7 bits it is an escape and a backslash. */
const TERMINATOR = 0x9c;

/**
 * Colours, cursor movements, window titles, links (ECMA-48 section 5.4 and 5.6):
 *
 *     ESC [ | CSI    parameters 0x30-3f, intermediates 0x20-2f, one final 0x40-7e
 *     ESC ] P X ^ _  a text up to a bell or ESC \; one without an end takes the rest with it
 *     ESC            intermediates 0x20-2f, one final 0x30-7e
 */
function withoutEscapes(text: string): string {
  let kept = '';
  let from = 0;
  for (let at = 0; at < text.length;) {
    const end = endOfEscape(text, at);
    if (end === at) {
      at++;
      continue;
    }
    kept += text.slice(from, at);
    from = end;
    at = end;
  }
  return kept + text.slice(from);
}

/** @returns `at` itself where no escape begins */
function endOfEscape(text: string, at: number): number {
  const code = text.charCodeAt(at);
  // The controls of 8 bits stand for an escape and the character 0x40 below.
  const isShort = code >= 0x80 && code <= 0x9f;
  if (code !== ESCAPE && !isShort) return at;
  const kind = isShort ? code - 0x40 : text.charCodeAt(at + 1);
  const body = isShort ? at + 1 : at + 2;
  switch (kind) {
    case 0x5b: // [
      return endOfSequence(text, skip(text, body, 0x30, 0x3f), 0x40);
    case 0x50: // P
    case 0x58: // X
    case 0x5d: // ]
    case 0x5e: // ^
    case 0x5f: // _
      return endOfString(text, body);
    default:
      return isShort ? body : endOfSequence(text, at + 1, 0x30);
  }
}

/** @param least of the final character; one that is missing leaves what stands there */
function endOfSequence(text: string, at: number, least: number): number {
  const last = skip(text, at, 0x20, 0x2f);
  return skip(text, last, least, 0x7e, 1);
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BELL || code === TERMINATOR) return at + 1;
    // Any other escape cancels it, and is looked at by itself.
    if (code === ESCAPE) return text[at + 1] === '\\' ? at + 2 : at;
  }
  return text.length;
}

function skip(text: string, from: number, least: number, most: number, times = Number.POSITIVE_INFINITY): number {
  let at = from;
  for (let left = times; left > 0 && at < text.length; left--) {
    const code = text.charCodeAt(at);
    if (code < least || code > most) break;
    at++;
  }
  return Math.min(at, text.length);
}
