import type { ErrorCode } from '@dproxy/core';

/** One chunked body, as latin1 text; `REST` behind it belongs to the next message. */
export interface ChunkSample {
  readonly name: string;
  readonly text: string;
  readonly expected: ErrorCode | 'incomplete' | { readonly body: string };
  readonly source: string;
}

type Row = readonly [name: string, text: string, expected: ChunkSample['expected']];

function samples(source: string, rows: readonly Row[]): ChunkSample[] {
  return rows.map(([name, text, expected]) => ({ name, text, expected, source }));
}

const LAST = '0\r\n\r\n';
const HELLO = { body: 'hello' };

const lineEnds = samples('row 4: CRLF only', [
  ['LF after the size', `5\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['LF after the data', `5\r\nhello\n${LAST}`, 'chunk-malformed'],
  ['CR after the size', `5\rhello\r\n${LAST}`, 'chunk-malformed'],
  ['CR X after the data', `5\r\nhello\rX${LAST}`, 'chunk-malformed'],
  ['LF after the last size', '5\r\nhello\r\n0\n\r\n', 'chunk-malformed'],
  ['LF as the end', '5\r\nhello\r\n0\r\n\n', 'trailer-malformed'],
  ['CR X as the end', '5\r\nhello\r\n0\r\n\rX', 'trailer-malformed'],
  ['CRLF first', `\r\n5\r\nhello\r\n${LAST}`, 'chunk-malformed'],
]);

const BAD_SIZES = [
  '',
  ' 5',
  '5 ',
  '\t5',
  '+5',
  '-5',
  '0x5',
  '5_0',
  '5.0',
  'g',
  '5h',
  '\x005',
  '123456789',
  '000000005',
  'ffffffffffffffff',
];

const sizes = samples('row 5: chunk size', [
  ...BAD_SIZES.map((size): Row => [JSON.stringify(size), `${size}\r\nhello\r\n${LAST}`, 'chunk-malformed']),
  ['too small for the data', `4\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['too large for the data', `6\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['leading zeros within eight digits', `00000005\r\nhello\r\n${LAST}`, HELLO],
  ['hexadecimal in both cases', `a\r\n0123456789\r\nA\r\n0123456789\r\n${LAST}`, { body: '01234567890123456789' }],
  ['several zeros at the end', '5\r\nhello\r\n000\r\n\r\n', HELLO],
  ['empty body', LAST, { body: '' }],
  ['cut after the data', '5\r\nhello', 'incomplete'],
  ['cut in the end', '5\r\nhello\r\n0\r\n\r', 'incomplete'],
]);

const extensions = samples('row 6: chunk extensions (CVE-2024-22019)', [
  ['LF in it', `5;a\nb\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['CR in it', `5;a\rb\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['open quote', `5;a="b\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['escaped quote at the end', `5;a="b\\"\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['LF in quotes', `5;a="\n"\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['NUL in it', `5;a\x00\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['brackets in it', `5;a=[b]\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['space before it', `5 ;a\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['257 bytes', `5;${'a'.repeat(256)}\r\nhello\r\n${LAST}`, 'chunk-malformed'],
  ['256 bytes', `5;${'a'.repeat(255)}\r\nhello\r\n${LAST}`, HELLO],
  ['16 KiB and 2 bytes in all', `${`1;${'a'.repeat(255)}\r\nx\r\n`.repeat(64)}1;a\r\nx\r\n${LAST}`, 'chunk-malformed'],
  ['16 KiB in all', `${`1;${'a'.repeat(255)}\r\nx\r\n`.repeat(64)}${LAST}`, { body: 'x'.repeat(64) }],
  ['plain', `5;a;b=c; d = "e;\\"f" \r\nhello\r\n${LAST}`, HELLO],
  ['on the last chunk', '5\r\nhello\r\n0;a=b\r\n\r\n', HELLO],
]);

const trailers = samples('row 7: trailers', [
  ['no colon', '5\r\nhello\r\n0\r\nX\r\n\r\n', 'trailer-malformed'],
  ['space before the colon', '5\r\nhello\r\n0\r\nX : 1\r\n\r\n', 'trailer-malformed'],
  ['folded', '5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n', 'trailer-malformed'],
  ['NUL in one', '5\r\nhello\r\n0\r\nX: \x00\r\n\r\n', 'trailer-malformed'],
  ['LF in one', '5\r\nhello\r\n0\r\nX: 1\nY: 2\r\n\r\n', 'trailer-malformed'],
  ['more than 8 KiB', `5\r\nhello\r\n0\r\nX: ${'x'.repeat(8192)}\r\n\r\n`, 'trailer-malformed'],
  ['more than 8 KiB without an end', `5\r\nhello\r\n0\r\n${'X: 1\r\n'.repeat(2000)}`, 'trailer-malformed'],
  ['framing and authorisation, dropped', '5\r\nhello\r\n0\r\nContent-Length: 9\r\nAuthorization: x\r\n\r\n', HELLO],
  ['one, not complete', '5\r\nhello\r\n0\r\nX: 1\r\n', 'incomplete'],
]);

export const CHUNK_CORPUS: readonly ChunkSample[] = [...lineEnds, ...sizes, ...extensions, ...trailers];
