const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const PART = /(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})(ns|us|µs|ms|s|m|h|d)/y;
const MAX_LENGTH = 64;
/** More makes a timer of Node fire at once. */
const MAX_MS = 2_147_483_647;

/**
 * Milliseconds, rounded up, from `1h30m`, `500ms` or `1.5s`, as Go reads them (its negative ones are never meant here).
 * Undefined for what is no duration.
 *
 * @param hasDays whether `1d` is one, of 24 hours: in Caddy it is, in Go itself it is not
 */
export function readGoDuration(raw: string, { hasDays = false } = {}): number | undefined {
  if (raw === '' || raw.length > MAX_LENGTH) return undefined;
  let totalMs = 0;
  let at = 0;
  while (at < raw.length) {
    PART.lastIndex = at;
    const [part = '', amount, unit = ''] = PART.exec(raw) ?? [];
    if (part === '' || (unit === 'd' && !hasDays)) return undefined;
    totalMs += Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN);
    at += part.length;
  }
  const ms = Math.ceil(totalMs);
  return ms <= MAX_MS ? ms : undefined;
}
