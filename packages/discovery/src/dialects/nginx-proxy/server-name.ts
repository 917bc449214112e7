import { canonicalHost, compilePattern, PatternError } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';

/**
 * One entry of VIRTUAL_HOST, as nginx reads it in `server_name`. `text` is how it was written: files of nginx-proxy are named
 * after it.
 */
export type ServerName =
  /** `app.example.com`, `*.example.com` (any depth), `.example.com` (both of them): hosts of the route table. */
  | { readonly type: 'hosts'; readonly text: string; readonly hosts: readonly string[] }
  /** `app.example.*`: one label or more at the end. */
  | { readonly type: 'trailing'; readonly text: string; readonly pattern: string }
  /** `~^app\d+\.example\.com$` */
  | { readonly type: 'pattern'; readonly text: string; readonly pattern: string };

const EXPECTED = 'a host such as app.example.com, *.example.com, app.example.* or ~^app\\d+\\.example\\.com$';

export function readServerName(text: string): ServerName | LabelProblem {
  if (text.startsWith('~')) return readPattern(text);
  if (text.endsWith('.*')) return readTrailing(text);
  const hosts = text.startsWith('.') ? [text.slice(1), `*${text}`] : [text];
  const canonical = hosts.map((host) => readHost(host)).filter((host) => host !== undefined);
  if (canonical.length < hosts.length) return problem(`the host ${show(text)} cannot be used`, expectedFor(text));
  return { type: 'hosts', text, hosts: canonical };
}

function readHost(text: string): string | undefined {
  return /:\d*$/.test(text) && !text.endsWith(']') ? undefined : canonicalHost(text);
}

function expectedFor(text: string): string {
  if (/:\d*$/.test(text)) return `${EXPECTED}, without a port: that is EXTERNAL_HTTP_PORT or EXTERNAL_HTTPS_PORT`;
  return text.includes('\\') || text.includes('$')
    ? `${EXPECTED}; a pattern with a comma only fits into VIRTUAL_HOST_MULTIPORTS`
    : EXPECTED;
}

function readTrailing(text: string): ServerName | LabelProblem {
  const base = text.slice(0, -2);
  const host = base.includes('*') ? undefined : canonicalHost(base);
  if (host === undefined) return problem(`the host ${show(text)} cannot be used`, EXPECTED);
  return { type: 'trailing', text, pattern: `^${escapePattern(host)}\\..+$` };
}

function readPattern(text: string): ServerName | LabelProblem {
  // Hosts are compared in lower case: a pattern with capitals would never match.
  const pattern = `(?i)${text.slice(1)}`;
  const why = text.length === 1 ? 'it is empty' : whyNoPattern(pattern);
  if (why === undefined) return { type: 'pattern', text, pattern };
  return problem(`the pattern ${show(text)} cannot be used: ${why}`, EXPECTED_PATTERN);
}

export const EXPECTED_PATTERN =
  'a regular expression without look-around and backreferences, which RE2 (linear time) has not';

/** Undefined when it can be compiled. */
export function whyNoPattern(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return show(error.message);
    throw error;
  }
}

function escapePattern(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
