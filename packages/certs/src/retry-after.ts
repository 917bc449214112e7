/** A year: what lies beyond is a mistake of the authority, and `Date` must be able to hold the sum. */
const MAX_MS = 366 * 86_400_000;
/** In a problem's text: `retry after 2026-11-21 07:00:00 UTC`. */
const IN_TEXT = /retry after (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)/i;

/** `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) in milliseconds from `nowMs`; 0 where there is none. */
export function retryAfterMs(header: unknown, nowMs: number): number {
  if (typeof header !== 'string' || header.length > 64) return 0;
  const text = header.trim();
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text) * 1000, MAX_MS);
  return untilMs(Date.parse(text), nowMs);
}

/** Boulder tells in words, and not always in the header, how long a limit lasts. 0 where the text says nothing. */
export function retryAfterInText(text: string, nowMs: number): number {
  const found = IN_TEXT.exec(text);
  return found === null ? 0 : untilMs(Date.parse(`${found[1]}T${found[2]}Z`), nowMs);
}

function untilMs(timeMs: number, nowMs: number): number {
  return Number.isNaN(timeMs) ? 0 : Math.min(Math.max(timeMs - nowMs, 0), MAX_MS);
}
