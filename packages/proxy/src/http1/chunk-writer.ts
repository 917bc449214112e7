/** Ends the data of a chunk. */
export const CHUNK_END = '\r\n';
/** Ends a chunked body, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n';

/** The line before `byteLength` bytes of data. A chunk of no bytes would end the body: it is refused. */
export function chunkHeader(byteLength: number): string {
  if (byteLength <= 0) throw new RangeError(`a chunk has at least one byte, got ${byteLength}`);
  return `${byteLength.toString(16)}\r\n`;
}
