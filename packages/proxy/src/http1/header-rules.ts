import type { HeaderRules } from '@dproxy/core';
import { headerLine } from './header-line.ts';

/** The rules of one route for one direction, ready to be applied. */
export interface CompiledHeaderRules {
  /** Lower case, each also as `plainFieldName` spells it: removed, or about to be set anew. */
  readonly taken: ReadonlySet<string>;
  /** Lines to add, each ended by CRLF. */
  readonly added: string;
  /** A value for Host, which the request writer puts first; empty: as the client sent it. */
  readonly host: string;
}

export interface CompiledRouteHeaders {
  /** Undefined when there is nothing to do, so that the hot path skips it. */
  readonly request: CompiledHeaderRules | undefined;
  readonly response: CompiledHeaderRules | undefined;
}

/**
 * Framing has one owner, the codec. A rule that names one of these is left out: it could only make the two sides disagree
 * about where a message ends.
 */
const CODEC_OWNED = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether rules may not touch this field (lower case). */
export function isCodecOwned(name: string): boolean {
  return CODEC_OWNED.has(name);
}

/** Has a token character that servers may read as another one. */
const ODD = /[^0-9a-z-]/;

/** A name (lower case) with `-` for what CGI, WSGI and others make `_` of, as they do of `-`. */
export function plainFieldName(name: string): string {
  return ODD.test(name) ? name.replaceAll(/[^0-9a-z-]/g, '-') : name;
}

/**
 * Whether the rules take this field (lower case) out. Also when it only looks like one that they take: a client that sends
 * `X_Auth_User` would else be believed by a backend to which both are HTTP_X_AUTH_USER (the hole of Traefik's ForwardAuth, 2026).
 */
export function isTaken({ taken }: CompiledHeaderRules, name: string): boolean {
  return taken.has(name) || (ODD.test(name) && taken.has(plainFieldName(name)));
}

/**
 * Compiles the header rules of a route, once per Snapshot.
 *
 * @throws RangeError for a name or a value that no header can have
 */
export function compileHeaderRules(rules: HeaderRules): CompiledRouteHeaders {
  return {
    request: compile(rules.requestSet, rules.requestRemove, true),
    response: compile(rules.responseSet, rules.responseRemove, false),
  };
}

function compile(
  set: HeaderRules['requestSet'],
  remove: readonly string[],
  isRequest: boolean,
): CompiledHeaderRules | undefined {
  const taken = new Set<string>();
  let added = '';
  let host = '';
  for (const name of remove) {
    const lower = name.toLowerCase();
    if (!isCodecOwned(lower)) taken.add(lower).add(plainFieldName(lower));
  }
  for (const [name, value] of set) {
    const lower = name.toLowerCase();
    const line = headerLine(name, value);
    if (isCodecOwned(lower)) continue;
    if (isRequest && lower === 'host') {
      host = value;
      continue;
    }
    taken.add(lower).add(plainFieldName(lower));
    added += line;
  }
  return taken.size === 0 && host === '' ? undefined : { taken, added, host };
}
