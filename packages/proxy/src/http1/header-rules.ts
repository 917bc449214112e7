import type { HeaderRules } from '@dproxy/core';
import { headerLine } from './header-line.ts';

/** The rules of one route for one direction, ready to be applied. */
export interface CompiledHeaderRules {
  /** Lower case: removed, or about to be set anew. */
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
    if (!isCodecOwned(lower)) taken.add(lower);
  }
  for (const [name, value] of set) {
    const lower = name.toLowerCase();
    const line = headerLine(name, value);
    if (isCodecOwned(lower)) continue;
    if (isRequest && lower === 'host') {
      host = value;
      continue;
    }
    taken.add(lower);
    added += line;
  }
  return taken.size === 0 && host === '' ? undefined : { taken, added, host };
}
