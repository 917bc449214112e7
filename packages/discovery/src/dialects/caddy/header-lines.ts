import { canonicalFieldName, isFieldValue, isOwnField, type Filter, type HeaderChange } from '@dproxy/core';
import { argumentsOf, type Block } from './block.ts';
import { hasPlaceholder } from './placeholders.ts';
import type { Report } from './report.ts';

export type HeaderSide = 'request' | 'response';

/** What people tell backends by hand, and dproxy tells them anyway. */
const TOLD_ALREADY: ReadonlyMap<string, readonly string[]> = new Map([
  ['host', ['{host}', '{hostport}', '{http.request.host}', '{http.request.hostport}']],
  ['x-real-ip', ['{remote_host}', '{remote}', '{client_ip}', '{http.request.remote.host}', '{http.request.remote}']],
  ['x-forwarded-for', ['{remote_host}', '{remote}', '{client_ip}', '{http.request.remote.host}']],
  ['x-forwarded-proto', ['{scheme}', '{http.request.scheme}']],
  ['x-forwarded-host', ['{host}', '{hostport}', '{http.request.host}', '{http.request.hostport}']],
  ['x-forwarded-port', ['{server_port}', '{http.request.port}', '{port}']],
]);

/** `[+|-|?|>]Name [value]`, in the line or in lines below it. */
export function headerFilters(
  block: Block,
  values: readonly string[],
  side: HeaderSide,
  report: Report,
): readonly Filter[] {
  const lines = values.length > 0 ? [{ block, words: values }] : block.children.map((child) => lineOf(child));
  const changes = lines.flatMap(({ block: line, words }) => changeOf(line, words, side, report) ?? []);
  return filterOf(side, changes);
}

export function filterOf(side: HeaderSide, changes: readonly HeaderChange[]): readonly Filter[] {
  if (changes.length === 0) return [];
  const none: readonly HeaderChange[] = [];
  return [
    { type: 'headers', request: side === 'request' ? changes : none, response: side === 'response' ? changes : none },
  ];
}

/** Of `header_up` and `header_down`: the name is an argument. */
export function headerChange(block: Block, side: HeaderSide, report: Report): HeaderChange | undefined {
  return changeOf(block, argumentsOf(block), side, report);
}

function lineOf(block: Block): { readonly block: Block; readonly words: readonly string[] } {
  return { block, words: block.keys };
}

function changeOf(
  block: Block,
  [raw = '', value = '', ...more]: readonly string[],
  side: HeaderSide,
  report: Report,
): HeaderChange | undefined {
  if (raw === 'defer') return undefined;
  const [, mark = '', written = ''] = /^([+\-?>]?)(.*?):?$/s.exec(raw) ?? [];
  // To Caddy a `*` stands for several.
  const name = written.includes('*') ? undefined : canonicalFieldName(written);
  if (name !== undefined && mark === '' && TOLD_ALREADY.get(name)?.includes(value) === true) return undefined;
  const problem = more.length > 0 ? 'replaces a part of a value' : problemOf(name, mark, value);
  if (name !== undefined && problem === undefined) {
    if (mark === '-') return { operation: 'remove', name, value: '' };
    return { operation: mark === '+' ? 'add' : 'set', name, value };
  }
  const reason = `${problem ?? 'it cannot be used'}, which dproxy does not do`;
  // What is not taken away from a request may be believed by who gets it.
  if (side === 'request' && mark === '-') report.refuse(block, reason, EXPECTED);
  else report.note(block, reason, EXPECTED);
  return undefined;
}

const EXPECTED = '[+|-]Name value, with a fixed value';

function problemOf(name: string | undefined, mark: string, value: string): string | undefined {
  if (name === undefined) return 'it names no header, or several';
  if (isOwnField(name)) return `it changes ${name}`;
  if (mark === '?') return 'it sets a header only where there is none';
  if (hasPlaceholder(value)) return 'its value has a placeholder';
  return isFieldValue(value) ? undefined : 'its value is no header value';
}
