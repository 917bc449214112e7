import { z } from 'zod';
import { LIMITS, type LimitName } from '@dproxy/core';
import { field, integer, section } from './field.ts';
import { duration, size } from './units.ts';

type LimitShape = Record<LimitName, z.ZodOptional<z.ZodType<number>>>;

const SHOWN_UNIT = { bytes: 'bytes', ms: 'ms', count: 'a number', 'bytes/s': 'bytes per second' } as const;

/** `limits`: each row of core's table, in its unit. Zero is refused: every limit stays finite. */
export function limits() {
  const shape = Object.fromEntries(
    Object.entries(LIMITS).map(([name, row]) => {
      const meaning = `${row.meaning.charAt(0).toUpperCase()}${row.meaning.slice(1)} (${SHOWN_UNIT[row.unit]})`;
      return [name, field(limit(row.unit), { meaning, default: String(row.default) })];
    }),
  );
  return section(shape as LimitShape);
}

function limit(unit: (typeof LIMITS)[LimitName]['unit']): z.ZodType<number> {
  switch (unit) {
    case 'ms':
      return duration(1);
    case 'bytes':
    case 'bytes/s':
      return size(1);
    case 'count':
      return integer(1, 2_147_483_647);
    default:
      return unit satisfies never;
  }
}
