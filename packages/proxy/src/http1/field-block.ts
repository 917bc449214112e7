/**
 * Takes lines out of a block of header lines by name. For the rare messages that need it: a `Connection` that names
 * fields, a route with header rules.
 *
 * @param block lines that each end in CRLF, as the parsers make them
 */
export function withoutFields(block: string, isRemoved: (lowerCaseName: string) => boolean): string {
  let kept = '';
  let runStart = 0;
  for (let at = 0; at < block.length;) {
    const lineEnd = block.indexOf('\r\n', at);
    if (lineEnd < 0) throw new RangeError('a block of header lines must end in CRLF');
    const next = lineEnd + 2;
    if (isRemoved(block.slice(at, block.indexOf(':', at)).toLowerCase())) {
      kept += block.slice(runStart, at);
      runStart = next;
    }
    at = next;
  }
  return runStart === 0 ? block : kept + block.slice(runStart);
}
