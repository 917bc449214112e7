import { z } from 'zod';
import type { BalancePolicy, HealthRules } from '@dproxy/core';
import { balance } from '../schema/balance.ts';
import { formatPath } from '../schema/explain-issue.ts';
import { healthCheck } from '../schema/health.ts';
import { match, type MatchRules } from '../schema/match.ts';
import { wakeLabels, type WakeLabels } from '../schema/wake.ts';
import { validate } from '../file/validate.ts';
import { streamLabels, type StreamLabels } from './stream-labels.ts';
import { valueOfWords, type LabelFinding, type LabelWord, type SchemaNode, type WordsValue } from './value-of-words.ts';

/** What labels of a service may say in the words of an entry of dproxy.yml, beside `filters`. */
export interface LabelSections {
  readonly match: MatchRules;
  readonly balance: BalancePolicy;
  readonly health: HealthRules;
  readonly tcp: StreamLabels;
  readonly udp: StreamLabels;
  readonly wake: WakeLabels;
}

export type LabelSectionName = keyof LabelSections;

export type LabelRead<T> = { readonly value: T } | { readonly findings: readonly LabelFinding[] };

const SCHEMAS: { readonly [Name in LabelSectionName]: () => z.ZodType<LabelSections[Name]> } = {
  match,
  balance,
  health: healthCheck,
  tcp: () => streamLabels('tcp'),
  udp: () => streamLabels('udp'),
  wake: wakeLabels,
};

interface Prepared<T> {
  readonly schema: z.ZodType<T>;
  readonly node: SchemaNode;
}

/** Made once: 100,000 containers may have such labels. */
const PREPARED = new Map<LabelSectionName, Prepared<unknown>>();

/** @param words the labels of one service below one section, at least one */
export function readLabelSection<Name extends LabelSectionName>(
  name: Name,
  words: readonly LabelWord[],
): LabelRead<LabelSections[Name]> {
  const prepared = (PREPARED.get(name) ?? prepare(SCHEMAS[name]())) as Prepared<LabelSections[Name]>;
  PREPARED.set(name, prepared);
  const built = valueOfWords(prepared.node, words);
  if (built.findings.length > 0) return { findings: built.findings };
  return checkWords(prepared.schema, built);
}

export function prepare<T>(schema: z.ZodType<T>): Prepared<T> {
  return { schema, node: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode };
}

/** What is wrong is told of the label that said it. */
export function checkWords<T>(schema: z.ZodType<T>, built: WordsValue, value = built.value): LabelRead<T> {
  const result = validate(schema, value, []);
  if ('value' in result) return result;
  return {
    findings: result.findings.map(({ path, message, expected }) => ({
      label: built.labelAt(path),
      // The label tells the place already.
      message: message.startsWith(`${formatPath(path)}: `) ? message.slice(formatPath(path).length + 2) : message,
      expected,
    })),
  };
}
