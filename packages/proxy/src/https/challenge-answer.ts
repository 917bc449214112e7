import { ProxyError } from '@dproxy/core';
import type { CompiledSettings } from '../compiled-settings.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';

/** RFC 8555 section 8.3. A certificate authority asks for exactly this, so capital letters are another path. */
const FOLDER = '/.well-known/acme-challenge';

/**
 * The answer to a certificate authority that checks whether a name is ours (http-01). Comes before everything else: routing,
 * redirects, plugins, local names. The path is dproxy's own: whoever answers there can get a certificate for the host, so no
 * container is asked unless the operator says so (threats: row 39).
 *
 * Any Host will do when the token is ours. The authority follows redirects, so the question may come by another name, and for an
 * address it has no name at all; tokens are unguessable, and the answer is worth nothing to anybody who does not hold our
 * account key (section 8.1).
 *
 * @returns undefined for requests that are about something else
 * @throws ProxyError `path-unknown` for a token that is not ours
 */
export function challengeAnswer({ https, settings }: CompiledSettings, head: RequestHead): Page | undefined {
  if (!isChallengePath(head.path)) return undefined;
  const answer = isReading(head.method) ? https.keyAuthorizations.get(head.path.slice(FOLDER.length + 1)) : undefined;
  if (answer !== undefined) return pageOf(answer);
  if (settings.passChallenges) return undefined;
  throw new ProxyError('path-unknown', 'not a challenge of ours');
}

/** Canonical, so that no other spelling of it (`%2e`, `//`, `;x`) leads to a backend. */
export function isChallengePath(path: string): boolean {
  return path.startsWith(FOLDER) && (path.length === FOLDER.length || path.charAt(FOLDER.length) === '/');
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function pageOf(keyAuthorization: string): Page {
  const body = Buffer.from(keyAuthorization, 'latin1');
  const headers = `content-type: text/plain\r\ncontent-length: ${body.length}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n`;
  return { status: 200, headers, body };
}
