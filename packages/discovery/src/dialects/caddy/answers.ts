import type { Filter, RouteAction } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import { hasPlaceholder, PLACEHOLDERS } from './placeholders.ts';
import type { Report } from './report.ts';
import { dollars } from './rewrites.ts';

export type Answer = Exclude<RouteAction, { type: 'forward' }>;

/** What dproxy answers itself; filters come first. */
export interface Answered {
  readonly filters: readonly Filter[];
  readonly answer: Answer;
}

const REDIRECTS: ReadonlyMap<string, 301 | 302 | 303 | 307 | 308> = new Map([
  ['', 302],
  ['temporary', 302],
  ['permanent', 301],
  ['301', 301],
  ['302', 302],
  ['303', 303],
  ['307', 307],
  ['308', 308],
]);

const PERMANENT: ReadonlySet<number> = new Set([301, 308]);
/** The whole URL as the client sees it: scheme, host, path, query. */
const URL_PATTERN = '^([a-z]+)://([^/?#]+?)(?::[0-9]+)?(/[^?]*)?([?].*)?$';
const URL_WORDS: ReadonlyMap<string, string> = new Map([
  ['{scheme}', '${1}'],
  ['{host}', '${2}'],
  ['{path}', '${3}'],
  ['{uri}', '${3}${4}'],
]);
/** `{http.request.uri}` is what `{uri}` is short for, and so on. */
const LONG_WORDS: ReadonlyMap<string, string> = new Map([
  ['{http.request.scheme}', '{scheme}'],
  ['{http.request.host}', '{host}'],
  ['{http.request.uri.path}', '{path}'],
  ['{http.request.uri}', '{uri}'],
]);

/** `redir [matcher] <to> [code]` */
export function readRedirect(
  block: Block,
  [raw = '', code = '', ...more]: readonly string[],
  report: Report,
): Answered | undefined {
  const to = raw.replaceAll(PLACEHOLDERS, (word) => LONG_WORDS.get(word) ?? word);
  const status = REDIRECTS.get(code);
  const words = to.match(PLACEHOLDERS) ?? [];
  const isTarget =
    /^(?:https?:\/\/[^/\s]|\/(?![/\\])|\{uri\}|\{path\}|\{scheme\}:\/\/)/i.test(to) && !/[^\x21-\x7e]/.test(to);
  if (status === undefined || more.length > 0 || !isTarget || !words.every((word) => URL_WORDS.has(word))) {
    const expected =
      'a URL or a path, in which {scheme}, {host}, {path} and {uri} may stand, and 301, 302, 303, 307 or 308';
    report.refuse(block, 'a redirect that dproxy does not do', expected);
    return undefined;
  }
  if (words.length === 0) return { filters: [], answer: { type: 'redirect', status, location: to } };
  const replacement = dollars(to).replaceAll(PLACEHOLDERS, (word) => URL_WORDS.get(word) ?? '');
  const permanent = PERMANENT.has(status);
  // The filter answers always; what is behind it is never reached.
  return {
    filters: [{ type: 'redirectPattern', pattern: URL_PATTERN, replacement, permanent }],
    answer: plain(404, ''),
  };
}

/** `respond [matcher] [<body>] [<status>]`, with body and status in the line or below it. */
export function readRespond(block: Block, values: readonly string[], report: Report): Answered | undefined {
  const [first, second] = values;
  const isStatus = first !== undefined && second === undefined && /^\d{3}$/.test(first);
  const status = Number(isStatus ? first : (second ?? childOf(block, 'status') ?? '200'));
  const body = (isStatus ? undefined : first) ?? childOf(block, 'body') ?? '';
  return answered(block, status, body, report);
}

/** `error [matcher] [<message>] <status>`: no page of Caddy's, its status. */
export function readError(block: Block, values: readonly string[], report: Report): Answered | undefined {
  const status = values.find((value) => /^\d{3}$/.test(value));
  return answered(block, Number(status ?? 500), '', report);
}

/** `abort` ends the connection; a refusal says the same to a client. */
export const ABORTED: Answered = { filters: [], answer: plain(403, '') };

function answered(block: Block, status: number, body: string, report: Report): Answered | undefined {
  const isTemplate = hasPlaceholder(body);
  if (Number.isInteger(status) && status >= 200 && status <= 599 && !isTemplate) {
    return { filters: [], answer: plain(status, [204, 205, 304].includes(status) ? '' : body) };
  }
  const reason = isTemplate ? 'a body with a placeholder' : 'no status that can be sent';
  report.refuse(block, reason, 'a fixed body, and a status from 200 to 599');
  return undefined;
}

function plain(status: number, body: string): Answer {
  const headers = body === '' ? [] : ([['content-type', typeOf(body)]] as const);
  return { type: 'respond', status, body, headers };
}

/** As Caddy guesses it: JSON is told from text. */
function typeOf(body: string): string {
  return /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain; charset=utf-8';
}

function childOf(block: Block, name: string): string | undefined {
  const child = block.children.find((each) => nameOf(each) === name);
  return child === undefined ? undefined : argumentsOf(child)[0];
}
