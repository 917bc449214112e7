import type { HeaderRules } from '@dproxy/core';
import { headerLine } from './header-line.ts';

/** The rules of one route for one direction, ready to be applied. */
export interface CompiledHeaderRules {
  /** Lower case, each also as `plainFieldName` spells it: removed, or about to be set anew. */
  readonly taken: ReadonlySet<string>;
  /** Lines to add, each ended by CRLF. */
  readonly added: string;
  /** Bit n: one of them is n characters long, by the remainder of 32. Spares most lines a closer look. */
  readonly lengths: number;
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
function isTaken(taken: ReadonlySet<string>, name: string): boolean {
  return taken.has(name) || (ODD.test(name) && taken.has(plainFieldName(name)));
}

/** @param taken lower case */
export function headerRules(taken: Iterable<string>, added: string, host: string): CompiledHeaderRules {
  const names = new Set<string>();
  let lengths = 0;
  for (const name of taken) {
    names.add(name).add(plainFieldName(name));
    lengths |= 1 << (name.length & 31);
  }
  return { taken: names, lengths, added, host };
}

/**
 * A block of header lines without those that the rules take. Without the look at lengths it cost 2 us for the header of a browser
 * (bench/filters.ts).
 */
export function withoutTaken(block: string, { taken, lengths }: CompiledHeaderRules): string {
  let kept = '';
  let runStart = 0;
  for (let at = 0; at < block.length;) {
    const next = block.indexOf('\r\n', at) + 2;
    if (next < 2) throw new RangeError('a block of header lines must end in CRLF');
    const nameEnd = block.indexOf(':', at);
    // A name and what only looks like it are equally long.
    if ((lengths & (1 << ((nameEnd - at) & 31))) !== 0 && isTaken(taken, block.slice(at, nameEnd).toLowerCase())) {
      kept += block.slice(runStart, at);
      runStart = next;
    }
    at = next;
  }
  return runStart === 0 ? block : kept + block.slice(runStart);
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
  return taken.size === 0 && host === '' ? undefined : headerRules(taken, added, host);
}
