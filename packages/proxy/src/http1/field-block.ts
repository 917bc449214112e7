import { COLON, withoutPadding } from './bytes.ts';

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

/**
 * The values of a field in a block of header lines, one per line, without the blanks around them.
 *
 * @param lowerCaseName compared without regard to ASCII case
 */
export function fieldValues(block: string, lowerCaseName: string): readonly string[] {
  let values: string[] | undefined;
  for (let at = 0; at < block.length;) {
    const lineEnd = block.indexOf('\r\n', at);
    const nameEnd = at + lowerCaseName.length;
    // The colon is where it must be in few lines: only those are looked at closer.
    if (block.charCodeAt(nameEnd) === COLON && block.slice(at, nameEnd).toLowerCase() === lowerCaseName) {
      (values ??= []).push(withoutPadding(block.slice(nameEnd + 1, lineEnd)));
    }
    at = lineEnd + 2;
  }
  return values ?? NONE;
}

/** The names in a block of header lines, lower case, one per line. */
export function fieldNames(block: string): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < block.length; at = block.indexOf('\r\n', at) + 2) {
    names.push(block.slice(at, block.indexOf(':', at)).toLowerCase());
  }
  return names;
}

const NONE: readonly string[] = [];
