const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Above 0xFF would be cut to its low byte when the head is written as latin1: U+010A would become a line end. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const BLOCK = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: ?[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/**
 * One header line with its CRLF.
 *
 * @throws RangeError when the name is no token or the value has a control character, a character above U+00FF or
 * whitespace at an end: nothing that is written can end a line or a head early
 */
export function headerLine(name: string, value: string): string {
  if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no header name`);
  if (!VALUE.test(value)) throw new RangeError(`${JSON.stringify(value)} cannot be the value of header ${name}`);
  return `${name}: ${value}\r\n`;
}

/**
 * For blocks of lines that were put together elsewhere: checks a whole block. Do it once where the block is built (per
 * connection), not per request.
 *
 * @throws RangeError
 */
export function checkHeaderBlock(block: string): string {
  if (!BLOCK.test(block)) throw new RangeError(`${JSON.stringify(block)} is no block of header lines`);
  return block;
}
