import { canonicalPath, ProxyError } from '@dproxy/core';

/** A request target in its parts. `target` is what goes to the backend. */
export interface Target {
  readonly target: string;
  readonly path: string;
  readonly rawPath: string;
}

/** RFC 9112 section 3.2 leaves no room for a fragment: proxies that cut it and servers that do not disagree (CVE-2023-45539). */
const VISIBLE = /^[!"$-~]+$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)/i;

/**
 * Splits a request target. Absolute form is reduced to origin form, after its authority was found equal to Host (a
 * backend that believes the other one would serve another site: RFC 9112 section 3.2.2).
 *
 * @throws ProxyError `target-malformed`, or `host-malformed` when authority and Host differ
 */
export function parseTarget(raw: string, method: string, hostHeader: string): Target {
  if (!VISIBLE.test(raw)) throw malformed(raw);
  if (raw.startsWith('/')) return originForm(raw);
  if (raw === '*') return asterisk(raw, method);
  const match = ABSOLUTE.exec(raw);
  if (match === null) throw malformed(raw);
  const authority = match[1] as string;
  if (authority.toLowerCase() !== hostHeader.toLowerCase()) {
    throw new ProxyError('host-malformed', `found authority ${JSON.stringify(authority)}, expected it to equal Host`);
  }
  const rest = raw.slice(match[0].length);
  if (rest.startsWith('/')) return originForm(rest);
  // RFC 9112 section 3.2.4: OPTIONS without path and query is about the server.
  return rest === '' && method === 'OPTIONS' ? asterisk('*', method) : originForm(`/${rest}`);
}

function originForm(target: string): Target {
  const query = target.indexOf('?');
  const rawPath = query < 0 ? target : target.slice(0, query);
  const path = canonicalPath(rawPath);
  if (path === undefined) throw malformed(target);
  return { target, path, rawPath };
}

/**
 * The target that a request gets instead of its own, checked as if a client had sent it.
 *
 * @param rawPath starts with `/`, one character per byte
 * @param query with its `?`; empty: none
 * @param maxBytes of both together
 * @throws ProxyError `target-malformed`, `target-too-long`
 */
export function rewrittenTarget(rawPath: string, query: string, maxBytes: number): Target {
  const target = rawPath + query;
  if (target.length > maxBytes) throw new ProxyError('target-too-long', `${target.length} bytes after a filter`);
  if (!VISIBLE.test(target) || !rawPath.startsWith('/') || rawPath.includes('?')) throw malformed(target);
  return originForm(target);
}

/** `OPTIONS *` has no path: it is matched like the root, and sent on as it is. */
function asterisk(target: string, method: string): Target {
  if (method !== 'OPTIONS') throw malformed(target);
  return { target, path: '/', rawPath: '/' };
}

function malformed(raw: string): ProxyError {
  return new ProxyError(
    'target-malformed',
    `found ${JSON.stringify(raw.slice(0, 100))}, expected /path or http://host/path`,
  );
}
