import { didYouMean, hideUserInfo } from '@dproxy/core';
import type { z } from 'zod';
import type { Path } from '../yaml/locations.ts';

/** One thing wrong with a value, in words. The caller knows in which file it stands. */
export interface Finding {
  readonly path: Path;
  /** The place is the key, not its value: an unknown key. */
  readonly isKey: boolean;
  readonly message: string;
  readonly expected: string;
}

const SECRET_HEADER = /authorization|cookie|token|secret|passw|api[-_]?key|credential/i;
const HEADER_MAPS: ReadonlySet<unknown> = new Set(['set', 'add', 'headers']);

/** At most that many per entry: whoever pasted the wrong file does not want 10,000 lines. */
const MAX_FINDINGS = 20;

/**
 * Says in words what zod found. Messages of our schemas say what is expected; what was found is read from `value`.
 *
 * @param base where `value` stands in the document
 */
export function explainIssues(issues: readonly z.core.$ZodIssue[], value: unknown, base: Path): Finding[] {
  const findings: Finding[] = [];
  for (const issue of issues) {
    for (const leaf of leaves(issue, value)) findings.push(...explain(leaf, value, base));
    if (findings.length >= MAX_FINDINGS) break;
  }
  return findings.slice(0, MAX_FINDINGS);
}

/** `routes[3].to` */
export function formatPath(path: Path): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${show(String(step))}`));
  return steps.join('').replace(/^\./, '') || 'the document';
}

/** What was found, short and without control characters: it goes to logs and terminals. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return `"${show(hideUserInfo(value))}"`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a map';
}

/**
 * Of a union, the issues of the one alternative that the value was meant to be: the one that takes its type at all.
 * `{to: ..., stauts: 301}` is a redirect object with a slip, not "neither a URL nor an object".
 */
function leaves(issue: z.core.$ZodIssue, value: unknown): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const found = valueAt(value, issue.path);
  if (typeof found !== 'object' || found === null) return customOf(issue) ?? [issue];
  const fitting = alternativesOf(issue).filter(
    (errors) => !errors.some((error) => error.path.length === 0 && isTypeIssue(error)),
  );
  const [meant] = fitting.filter((errors) => errors.length > 0).sort((a, b) => strangeKeys(a) - strangeKeys(b));
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] }, value));
}

/** How many keys of the value an alternative has never heard of: the more, the less it was meant. */
function strangeKeys(errors: readonly z.core.$ZodIssue[]): number {
  return errors.reduce(
    (sum, error) => sum + (error.code === 'unrecognized_keys' && error.path.length === 0 ? error.keys.length : 0),
    0,
  );
}

/** Those of a union within a union, too: `oneOrMore` is one. */
function alternativesOf({ errors }: z.core.$ZodIssueInvalidUnion): readonly (readonly z.core.$ZodIssue[])[] {
  return errors.flatMap((alternative) => {
    const [only, ...others] = alternative;
    const isUnion = only?.code === 'invalid_union' && only.path.length === 0 && others.length === 0;
    return isUnion ? alternativesOf(only) : [alternative];
  });
}

/** For a scalar the readers' own reasons ("a host with a port") say more than "none of these". */
function customOf(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  for (const errors of issue.errors) {
    for (const inner of errors) {
      const nested = { ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue;
      if (inner.code === 'custom' && problemOf(inner) !== '') return [{ ...nested, message: issue.message }];
      const deeper = nested.code === 'invalid_union' ? customOf(nested) : undefined;
      if (deeper !== undefined) return [{ ...deeper[0], message: issue.message } as typeof nested];
    }
  }
  return undefined;
}

function isTypeIssue(issue: { readonly code: string }): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

function explain(issue: z.core.$ZodIssue, value: unknown, base: Path): Finding[] {
  const path = [...base, ...issue.path];
  const where = formatPath(path);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((key) => unknownKey([...path, key], known));
  }
  const found = valueAt(value, issue.path);
  if (found === undefined) return [finding(path, `${where} is missing`, issue.message)];
  const problem = problemOf(issue);
  const isHidden = typeof found === 'object' && problem !== '';
  const shown = isHidden ? '' : `found ${isSecret(path) ? describeSecret(found) : describeValue(found)}`;
  return [finding(path, `${where}: ${[shown, problem].filter((part) => part !== '').join(': ')}`, issue.message)];
}

/** Users and their passwords, and values of headers, may be what they should not be: hashes and tokens, in a log. */
function isSecret(path: Path): boolean {
  return path.includes('basicAuth') || (HEADER_MAPS.has(path.at(-2)) && SECRET_HEADER.test(String(path.at(-1))));
}

function describeSecret(value: unknown): string {
  return typeof value === 'object' ? describeValue(value) : 'something that is not shown';
}

/** A key that nobody knows, with the one that was probably meant. */
export function unknownKey(path: Path, known: readonly string[]): Finding {
  const key = String(path.at(-1) ?? '');
  const meant = didYouMean(key, known);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  return {
    path,
    isKey: true,
    message: `${path.length > 1 ? `${formatPath(path.slice(0, -1))}: ` : ''}unknown key "${show(key)}"`,
    expected: `${hint}Known keys here: ${known.join(', ')}`,
  };
}

function finding(path: Path, message: string, expected: string): Finding {
  return { path, isKey: false, message, expected };
}

function problemOf(issue: object): string {
  const params = 'params' in issue ? issue.params : undefined;
  if (typeof params !== 'object' || params === null || !('problem' in params)) return '';
  return typeof params.problem === 'string' ? show(params.problem, 200) : '';
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[step];
  }
  return found;
}

function show(text: string, max = 80): string {
  const short = text.length > max ? `${text.slice(0, max)}...` : text;
  return short.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
