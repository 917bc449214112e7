import { canonicalFieldName, canonicalHost, canonicalRoutePath, isFieldValue, isOwnField } from '@dproxy/core';

/** Readers of label values. Each gives undefined for what it does not accept. */

const MAX_LIST = 256;
/** More makes a timer of Node fire at once. */
const MAX_DURATION_MS = 2_147_483_647;
const UNIT_MS = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export function readFlag(raw: string): boolean | undefined {
  const word = raw.trim().toLowerCase();
  if (word === 'true') return true;
  return word === 'false' ? false : undefined;
}

export function readInteger(raw: string, min: number, max: number): number | undefined {
  if (!/^\d{1,10}$/.test(raw.trim())) return undefined;
  const value = Number(raw);
  return value >= min && value <= max ? value : undefined;
}

/** Comma list: parts are trimmed, empty parts ignored, at least one. Undefined when one part is refused. */
export function readList<T>(raw: string, readPart: (part: string) => T | undefined): readonly T[] | undefined {
  const parts = raw
    .split(',', MAX_LIST + 1)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0 || parts.length > MAX_LIST) return undefined;
  const values = parts.map((part) => readPart(part)).filter((value) => value !== undefined);
  return values.length === parts.length ? values : undefined;
}

/** Without a port: the listener has it. */
export function readHostname(raw: string): string | undefined {
  return /:\d*$/.test(raw) && !raw.endsWith(']') ? undefined : canonicalHost(raw);
}

export function readPathPrefix(raw: string): string | undefined {
  return canonicalRoutePath(raw.trim());
}

/** Milliseconds, from a number of them or `250ms`, `30s`, `5m`, `2h`, `1d`. */
export function readDuration(raw: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(raw.trim()) ?? [];
  if (amount === undefined) return undefined;
  const value = Math.round(Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN));
  return value <= MAX_DURATION_MS ? value : undefined;
}

export function readName(raw: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/.test(raw) ? raw : undefined;
}

export function readHeaderName(raw: string): string | undefined {
  return isOwnField(raw) ? undefined : canonicalFieldName(raw);
}

export function readHeaderValue(raw: string): string | undefined {
  return isFieldValue(raw) ? raw.trim() : undefined;
}

/** An absolute http(s) URL, or a path on the same host. */
export function readLocation(raw: string): string | undefined {
  const place = raw.trim();
  if (/[^!-~\u00a1-\uffff]/.test(place)) return undefined;
  // "//host" is another host in the eyes of a browser.
  if (/^\/(?![/\\])/.test(place)) return place;
  if (!/^https?:\/\//i.test(place) || !URL.canParse(place)) return undefined;
  return new URL(place).username === '' ? place : undefined;
}
