import { isFieldValue } from '@dproxy/core';
import type { Section } from '../section.ts';
import { effectOf, NOTHING, type Effect } from './effect.ts';
import { checkPattern, readPattern } from './values.ts';

/** Redirects, and changes of the path that the backend gets. */

export function redirectScheme(section: Section): Effect {
  const scheme = section.word('scheme', ['http', 'https']);
  const port = section.text('port')?.trim() ?? '';
  const permanent = section.flag('permanent') ?? false;
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535) section.refuse('port', 'a port from 1 to 65535');
  if (scheme === undefined) {
    if (!section.report.hasFailed) section.refuse('scheme', 'http or https');
    return NOTHING;
  }
  return effectOf({ type: 'redirectScheme', scheme, port: usualAsZero(scheme, Number(port)), permanent });
}

function usualAsZero(scheme: 'http' | 'https', port: number): number {
  return port === (scheme === 'https' ? 443 : 80) ? 0 : port;
}

export function redirectRegex(section: Section): Effect {
  const pattern = readPattern(section, 'regex');
  const replacement = section.text('replacement') ?? '';
  const permanent = section.flag('permanent') ?? false;
  if (replacement === '' || !isFieldValue(replacement))
    section.refuse('replacement', 'a URL, with $1 or ${1} for groups');
  return effectOf({ type: 'redirectPattern', pattern, replacement, permanent });
}

export function stripPrefix(section: Section): Effect {
  const prefixes = section.list('prefixes') ?? [];
  // Traefik 2 had it; what it did is what happens here: a path always begins with a slash.
  section.flag('forceslash');
  if (prefixes.length === 0 || prefixes.some((prefix) => !isTarget(prefix))) {
    section.refuse('prefixes', 'paths such as /api, separated by commas');
  }
  return effectOf({ type: 'stripPrefix', prefixes });
}

export function stripPrefixRegex(section: Section): Effect {
  const patterns = section.list('regex') ?? [];
  if (patterns.length === 0) section.refuse('regex', 'regular expressions, separated by commas');
  for (const pattern of patterns) checkPattern(section, 'regex', pattern);
  return effectOf({ type: 'stripPrefixPattern', patterns });
}

export function addPrefix(section: Section): Effect {
  const raw = section.text('prefix')?.trim() ?? '';
  const prefix = raw.startsWith('/') ? raw : `/${raw}`;
  if (raw === '' || !isTarget(prefix)) section.refuse('prefix', 'a path such as /api');
  return effectOf({ type: 'addPrefix', prefix });
}

export function replacePath(section: Section): Effect {
  const path = section.text('path')?.trim() ?? '';
  if (!isTarget(path)) section.refuse('path', 'a path such as /api');
  return effectOf({ type: 'replacePath', path });
}

export function replacePathRegex(section: Section): Effect {
  const pattern = readPattern(section, 'regex');
  const replacement = section.text('replacement') ?? '';
  if (!isFieldValue(replacement)) section.refuse('replacement', 'a path, with $1 or ${1} for groups');
  return effectOf({ type: 'replacePathPattern', pattern, replacement });
}

/** What may stand in the first line of a request. */
function isTarget(text: string): boolean {
  return /^\/[\x21-\x7e]{0,4095}$/.test(text);
}
