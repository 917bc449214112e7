const MAX_LINES = 20;
const MAX_LINE = 200;
const HEADER_BYTES = 8;

/**
 * The last lines of a container's output, fit to be shown.
 *
 *     without a terminal, for each piece:  | stream, 1 B | 0 0 0 | length, 4 B BE | bytes |
 *
 * @param bytes answer to `GET /containers/<id>/logs`
 */
export function logLines(bytes: Buffer, { hasTerminal, count }: { hasTerminal: boolean; count: number }): string[] {
  const output = hasTerminal ? bytes : Buffer.concat([...pieces(bytes)]);
  return output
    .toString('utf8')
    .split('\n')
    .map(clean)
    .filter((line) => line !== '')
    .slice(-Math.min(count, MAX_LINES));
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const start = at + HEADER_BYTES;
    at = start + bytes.readUInt32BE(at + 4);
    yield bytes.subarray(start, at);
  }
}

/** Colours and other orders to a terminal, and characters that change how the rest is read, are no text. */
function clean(line: string): string {
  const shown = line
    .slice(0, 4_096)
    // oxlint-disable-next-line no-control-regex -- they are what is to go
    .replaceAll(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, ' ')
    .trim();
  return cut(shown);
}

/** In UTF-16 units, as the message to workers counts, without half a character at the end. */
function cut(line: string): string {
  return line.slice(0, MAX_LINE).replace(/[\uD800-\uDBFF]$/, '');
}
