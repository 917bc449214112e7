/** Values as Go reads them, because Traefik is written in it. Each reader gives undefined for what it does not accept. */

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
const PART = /(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})(ns|us|µs|ms|s|m|h)/y;
/** More makes a timer of Node fire at once. */
const MAX_DURATION_MS = 2_147_483_647;
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
  if (/^\d{1,9}$/.test(text)) return within(Number(text) * 1_000);
  if (text.length > 64) return undefined;
  let total = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const found = PART.exec(text);
    if (found === null) return undefined;
    total += Number(found[1]) * (UNIT_MS.get(found[2] ?? '') ?? Number.NaN);
    at = PART.lastIndex;
  }
  return text === '' ? undefined : within(Math.ceil(total));
}

function within(ms: number): number | undefined {
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/** Comma list; parts are trimmed, empty parts ignored. Undefined when there are too many. */
export function readList(raw: string): readonly string[] | undefined {
  const parts = raw
    .split(',', MAX_LIST + 1)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > MAX_LIST ? undefined : parts;
}
