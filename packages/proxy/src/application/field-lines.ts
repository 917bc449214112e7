import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** RFC 9110 section 7.6.1: they belong to one connection. node:http writes its own. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/**
 * The header lines of a request as they go on: name, value, name, value. Lines that no plugin changed stay byte for byte,
 * in order and with their repetitions; what a plugin set or removed in `request.headers` counts.
 */
export function requestLines(
  message: IncomingMessage,
  now: IncomingHttpHeaders,
  before: IncomingHttpHeaders,
): string[] {
  const lines: string[] = [];
  const { rawHeaders } = message;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && isUnchanged(key, now, before)) lines.push(name, rawHeaders[index + 1] ?? '');
  }
  for (const [key, value] of Object.entries(now)) {
    if (value === undefined || HOP_BY_HOP.has(key) || isUnchanged(key, now, before)) continue;
    for (const one of Array.isArray(value) ? value : [value]) lines.push(key, one);
  }
  return lines;
}

/** Values by lower-case name, in order; hop-by-hop lines are left out. */
export function responseFields(message: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  const { rawHeaders } = message;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const key = (rawHeaders[index] ?? '').toLowerCase();
    if (HOP_BY_HOP.has(key)) continue;
    const value = rawHeaders[index + 1] ?? '';
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [value]);
    else values.push(value);
  }
  return fields;
}

/** Trailer lines as pairs, for `addTrailers`. */
export function trailerPairs(message: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  const { rawTrailers } = message;
  for (let index = 0; index + 1 < rawTrailers.length; index += 2) {
    pairs.push([rawTrailers[index] ?? '', rawTrailers[index + 1] ?? '']);
  }
  return pairs;
}

/** Own properties only: a header may be called `__proto__` (CVE-2026-21710). */
function isUnchanged(key: string, now: IncomingHttpHeaders, before: IncomingHttpHeaders): boolean {
  return Object.hasOwn(now, key) === Object.hasOwn(before, key) && now[key] === before[key];
}
