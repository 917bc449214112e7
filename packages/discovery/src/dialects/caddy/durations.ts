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
/** More makes a timer fire at once. */
const MAX_MS = 2_147_483_647;

/** Milliseconds, from `1h30m`, `500ms`, `10s`; at least one. Undefined for what is none. */
export function readGoDuration(raw: string): number | undefined {
  if (!/^(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h|d)){1,8}$/.test(raw)) return undefined;
  const parts = raw.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h|d)/g);
  let totalMs = 0;
  for (const [, amount, unit = ''] of parts) totalMs += Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN);
  return totalMs <= MAX_MS ? Math.max(1, Math.round(totalMs)) : undefined;
}
