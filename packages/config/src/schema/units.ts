import { z } from 'zod';

/** More makes a timer of Node fire at once (2^31 - 1 ms, 24.8 days). */
const MAX_DURATION_MS = 2_147_483_647;
const MAX_SIZE_BYTES = 1_073_741_824;

const DURATION = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const DURATION_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const SIZE = /^(\d{1,12})(B|kB|KB|KiB|MB|MiB|GiB)$/;
const SIZE_BYTES = new Map([
  ['B', 1],
  ['kB', 1_000],
  ['KB', 1_000],
  ['KiB', 1_024],
  ['MB', 1_000_000],
  ['MiB', 1_048_576],
  ['GiB', 1_073_741_824],
]);

/** Milliseconds, from a number of them or from `250ms`, `30s`, `5m`, `2h`, `1d`. */
export function duration(minMs: number) {
  return quantity({
    pattern: DURATION,
    units: DURATION_MS,
    min: minMs,
    max: MAX_DURATION_MS,
    expected: `milliseconds (a number) or a duration such as 250ms, 30s, 5m, from ${minMs} ms to 24 d`,
  });
}

/** Bytes, from a number of them or from `64KiB`, `1MiB`, `500kB`. */
export function size(minBytes: number) {
  return quantity({
    pattern: SIZE,
    units: SIZE_BYTES,
    min: minBytes,
    max: MAX_SIZE_BYTES,
    expected: `bytes (a number) or a size such as 64KiB, 1MiB, from ${minBytes} B to 1 GiB`,
  });
}

interface Quantity {
  readonly pattern: RegExp;
  readonly units: ReadonlyMap<string, number>;
  readonly min: number;
  readonly max: number;
  readonly expected: string;
}

function quantity({ pattern, units, min, max, expected }: Quantity) {
  return z
    .union([z.number({ error: expected }), z.string().regex(pattern, { error: expected })], { error: expected })
    .transform((raw, context): number => {
      const [, amount = '', unit = ''] = typeof raw === 'string' ? (pattern.exec(raw) ?? []) : [];
      const value = typeof raw === 'number' ? raw : Math.round(Number(amount) * (units.get(unit) ?? Number.NaN));
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}
