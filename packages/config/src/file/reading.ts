import type { z } from 'zod';
import type { Finding } from '../schema/explain-issue.ts';
import type { Path } from '../yaml/locations.ts';
import type { RefusedPart } from './parsed-file.ts';
import type { Validated } from './validate.ts';

/** What the reader of one section needs of the reader of the file. */
export interface Reading {
  validate<T>(schema: z.ZodType<T>, value: unknown, path: Path): Validated<T>;
  refuse(part: Partial<RefusedPart>, findings: readonly Finding[]): void;
  lineOf(path: Path): number;
}
