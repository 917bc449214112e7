import { z } from 'zod';

/** What every field must say for itself; docs/configuration.md and the JSON schema of editors are made from it. */
export interface FieldDoc {
  /** With its unit. A sentence without its full stop. */
  readonly meaning: string;
  readonly default: string;
  /** What 0 means, where 0 is accepted. */
  readonly zero?: string;
  /** What goes wrong when it is set carelessly. */
  readonly danger?: string;
}

/** An optional field with its documentation. */
export function field<S extends z.ZodType>(schema: S, doc: FieldDoc): z.ZodOptional<S> {
  return schema.optional().describe(describeField(doc));
}

/** A field without which its entry means nothing. */
export function required<S extends z.ZodType>(schema: S, doc: Omit<FieldDoc, 'default'>): S {
  return schema.describe(describeField({ ...doc, default: 'none, it must be given' }));
}

/**
 * An object that knows all its keys. The message of its `unrecognized_keys` issue is the list of them, from which
 * explain-issue.ts finds the key that was probably meant.
 */
export function section<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : `a map with the keys ${known}`),
  });
}

/** One or several: `a` is read as `[a]`. With `min` 0 the empty list says "none". */
export function oneOrMore<S extends z.ZodType>(item: S, expected: string, min: 0 | 1 = 1) {
  return z
    .union([item, z.array(item).min(min, { error: `at least one: ${expected}` })], { error: `${expected}, or a list` })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<S>[]);
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: 'true or false' });
}

export function words<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of: ${values.join(', ')}` });
}

export function text(expected: string, max = 4_096) {
  return z
    .string({ error: expected })
    .min(1, { error: expected })
    .max(max, { error: `${expected}, at most ${max} characters` });
}

export function integer(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** The outcome of a reader of one scalar: its value, or why it is refused. */
export type Read<T> = { readonly value: T } | { readonly problem: string };

/** A text that `read` turns into something better; its problem becomes part of the message. */
export function readable<T>(expected: string, read: (raw: string) => Read<T>) {
  return text(expected).transform((raw, context): T => {
    const result = read(raw);
    if ('value' in result) return result.value;
    context.addIssue({ code: 'custom', message: expected, params: { problem: result.problem } });
    return z.NEVER;
  });
}

function describeField({ meaning, default: unset, zero, danger }: FieldDoc): string {
  const parts = [`${meaning}.`, `Default: ${unset}.`];
  if (zero !== undefined) parts.push(`0: ${zero}.`);
  if (danger !== undefined) parts.push(`Danger: ${danger}.`);
  return parts.join(' ');
}
