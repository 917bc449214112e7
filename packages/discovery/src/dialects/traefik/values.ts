import { readGoDuration } from '../go-duration.ts';

/** Values as Go reads them, because Traefik is written in it. Each reader gives undefined for what it does not accept. */

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
const MAX_LIST = 256;

export function readFlag(raw: string): boolean | undefined {
  const word = raw.trim();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

export function readInteger(raw: string, min: number, max: number): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(raw.trim())) return undefined;
  const value = Number(raw);
  return value >= min && value <= max ? value : undefined;
}

/** Milliseconds, rounded up, from seconds (`30`) or `1m30s`. */
export function readDuration(raw: string): number | undefined {
  const text = raw.trim();
  return readGoDuration(/^\d{1,9}$/.test(text) ? `${text}s` : text);
}

/** Comma list; parts are trimmed, empty parts ignored. Undefined when there are too many. */
export function readList(raw: string): readonly string[] | undefined {
  const parts = raw
    .split(',', MAX_LIST + 1)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > MAX_LIST ? undefined : parts;
}
