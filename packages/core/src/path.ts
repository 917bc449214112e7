import type { PathMatch } from './condition.ts';

/** A path that needs no work: only characters that stand for themselves, no doubled slash, no segment that begins with a dot. */
const NEEDS_WORK = /[^!$&'()*+,\-./0-9:=@A-Z_a-z~]|\/[./]/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** Control characters and space: neither ASCII that shows nor beyond ASCII. */
const CONTROL = /[^!-~\u0080-\uffff]/;

/**
 * The one reading of a request path by which routes are chosen. What goes to the backend is the path as it was sent; a
 * request for which both would choose different routes is refused (`path-ambiguous`), because a backend may read it
 * either way.
 *
 * - escapes of unreserved characters are decoded, others upper case (RFC 3986 section 6.2.2); `%2F` and `%5C` stay
 * - `\` counts as `/`, doubled slashes as one, `;x` at the end of a segment as nothing: so do servers behind us
 * - then dot segments are resolved (RFC 3986 section 5.2.4)
 *
 * @param raw the target before `?`, one character per byte
 * @returns undefined when it does not start with `/`, or has a control character or `%00`
 */
export function canonicalPath(raw: string): string | undefined {
  if (!raw.startsWith('/')) return undefined;
  return NEEDS_WORK.test(raw) ? rewrite(raw) : raw;
}

/**
 * The path of a route as configuration and labels spell it: canonical, and as a prefix in whole segments without a slash at its
 * end, which it does not need. Characters beyond ASCII are UTF-8.
 *
 * @returns undefined for what no request path could match literally: `?`, `#`, `\`, `;`, dot segments, a bad escape
 */
export function canonicalRoutePath(raw: string, pathMatch: PathMatch = 'segments'): string | undefined {
  if (!raw.isWellFormed() || /[?#\\;]|%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined;
  const path = canonicalPath(raw.replace(/[^\x21-\x7e]+/g, encodeURIComponent));
  if (path === undefined || /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(raw)) return undefined;
  return pathMatch === 'segments' && path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function rewrite(raw: string): string | undefined {
  if (CONTROL.test(raw) || raw.includes('%00')) return undefined;
  const kept: string[] = [];
  let isFolder = true;
  for (const written of raw.replaceAll('\\', '/').split('/')) {
    const semicolon = written.indexOf(';');
    const segment = canonicalSegment(semicolon === -1 ? written : written.slice(0, semicolon));
    if (segment === undefined) return undefined;
    isFolder = segment === '' || segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    else if (!isFolder) kept.push(segment);
  }
  const path = `/${kept.join('/')}`;
  return isFolder && kept.length > 0 ? `${path}/` : path;
}

/** One segment with its escapes in normal form. A `%` that begins no escape becomes `%25`, else decoding could make one. */
function canonicalSegment(segment: string): string | undefined {
  let isWhole = true;
  const text = segment.replace(/%[0-9A-Fa-f]{2}|[^!$&'()*+,\-.0-9:=@A-Z_a-z~]/g, (found) => {
    if (found.length === 3) {
      const character = String.fromCharCode(Number.parseInt(found.slice(1), 16));
      return UNRESERVED.test(character) ? character : found.toUpperCase();
    }
    const code = found.charCodeAt(0);
    if (code > 0xff) isWhole = false;
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return isWhole ? text : undefined;
}
