import { compilePattern, type Pattern, ProxyError, type RewriteFilter } from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';
import { type FieldChange, fieldChange } from './field-changes.ts';
import type { FilteredRequest } from './filtered-request.ts';

const FORWARDED_PREFIX = 'x-forwarded-prefix';
const REPLACED_PATH = 'x-replaced-path';
/** Every pattern takes texts of this length: longer ones may be too long for it. */
const ANY_PATTERN_TAKES = 1_000;

/** Filters that change the path that the backend gets. @throws RangeError, PatternError */
export function compileRewrite(filter: RewriteFilter): CompiledFilter {
  const { type } = filter;
  const onRequest = compileChange(filter);
  return {
    type,
    onRequest: (request) => {
      onRequest(request);
      return undefined;
    },
  };
}

function compileChange(filter: RewriteFilter): (request: FilteredRequest) => void {
  switch (filter.type) {
    case 'stripPrefix':
      return stripPrefix(filter.prefixes);
    case 'stripPrefixPattern':
      return stripPattern(filter.patterns);
    case 'addPrefix': {
      const prefix = withSlash(escaped(filter.prefix));
      return (request) => request.rewritePath((path) => prefix + path);
    }
    case 'replacePath': {
      const replaced = withSlash(escaped(filter.path));
      return (request) => replace(request, () => replaced);
    }
    case 'replacePathPattern':
      return replacePattern(filter.pattern, filter.replacement);
    case 'replacePrefix': {
      const from = escaped(filter.from);
      const to = escaped(filter.to);
      return (request) =>
        request.rewritePath((path) => (path.startsWith(from) ? withSlash(to + path.slice(from.length)) : undefined));
    }
    default:
      return filter satisfies never;
  }
}

function stripPrefix(prefixes: readonly string[]): (request: FilteredRequest) => void {
  const all = prefixes.map((raw) => {
    const prefix = withSlash(escaped(raw));
    return { prefix, told: told(prefix) };
  });
  return (request) => {
    const { rawPath } = request.head;
    request.rewritePath((path) => {
      const found = all.find(({ prefix }) => path.startsWith(prefix));
      return found === undefined ? undefined : withoutPrefix(path, found.prefix.length);
    });
    const found = all.find(({ prefix }) => rawPath.startsWith(prefix));
    if (found?.told !== undefined) request.requestFields.apply(found.told);
  };
}

function told(prefix: string): FieldChange | undefined {
  return fieldChange('add', FORWARDED_PREFIX, prefix);
}

/** What a pattern finds at the beginning goes; what it finds elsewhere stays. */
function stripPattern(sources: readonly string[]): (request: FilteredRequest) => void {
  const all = sources.map((source) => {
    // First by itself, so that a message shows what was written.
    compilePattern(source);
    const pattern = compilePattern(`^(?:${source})`);
    return { pattern, cut: pattern.replacer('') };
  });
  const restOf = (path: string): string | undefined => {
    for (const { pattern, cut } of all) {
      const rest = cut(path);
      if (rest !== path) return rest;
      checkLength(pattern, path);
    }
    return undefined;
  };
  return (request) => {
    const { rawPath } = request.head;
    const rest = restOf(rawPath);
    request.rewritePath((path) => {
      const left = path === rawPath ? rest : restOf(path);
      return left === undefined ? undefined : withoutPrefix(path, path.length - left.length);
    });
    if (rest === undefined) return;
    request.requestFields.change('add', FORWARDED_PREFIX, rawPath.slice(0, rawPath.length - rest.length));
  };
}

function replacePattern(source: string, replacement: string): (request: FilteredRequest) => void {
  const pattern = compilePattern(source);
  const replaced = pattern.replacer(replacement);
  return (request) =>
    replace(request, (path) => {
      const result = replaced(path);
      if (result !== path) return withSlash(escaped(result));
      checkLength(pattern, path);
      return undefined;
    });
}

function replace(request: FilteredRequest, rewrite: (path: string) => string | undefined): void {
  const before = request.head;
  request.rewritePath(rewrite);
  if (request.head === before) return;
  // The parser has checked that a path is visible ASCII.
  const value = before.rawPath;
  request.requestFields.apply({ operation: 'set', name: REPLACED_PATH, value, line: `${REPLACED_PATH}: ${value}\r\n` });
}

/** @throws ProxyError where the pattern cannot say: the backend shall not get a path that was to be changed */
function checkLength(pattern: Pattern, path: string): void {
  if (path.length <= ANY_PATTERN_TAKES || pattern.test(path) || !pattern.test(path, true)) return;
  throw new ProxyError('target-too-long', `${path.length} bytes are too many for the pattern ${pattern.source}`);
}

/**
 * An escaped slash behind the prefix would become the first character, and with it another place than the one below the prefix
 * that the route was chosen for (CVE-2025-66490).
 */
function withoutPrefix(path: string, length: number): string {
  const rest = path.slice(length);
  if (/^(?:%2f|%5c|\\)/i.test(rest)) throw new ProxyError('path-ambiguous', `${path} goes on with a hidden slash`);
  return withSlash(rest);
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** What settings spell as people do: everything that no path has as it stands, `?` and `#` included. */
function escaped(path: string): string {
  return path.replaceAll(/[^!"$-~]+|\?/g, (text) =>
    Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
