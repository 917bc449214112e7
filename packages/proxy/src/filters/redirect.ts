import { compilePattern, ProxyError, type RedirectFilter } from '@dproxy/core';
import { type Page, renderRedirect } from '../pages/index.ts';
import { publicHttpsPort } from '../tls/compiled-https.ts';
import type { CompiledFilter } from './compiled-filter.ts';
import type { FilteredRequest } from './filtered-request.ts';

type Scheme = 'http' | 'https';
const USUAL: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

/** Filters that send the client to another URL. @throws PatternError */
export function compileRedirect(filter: RedirectFilter): CompiledFilter {
  const { type } = filter;
  return type === 'redirectScheme'
    ? { type, onRequest: (request) => redirectScheme(filter, request) }
    : { type, onRequest: compilePatternRedirect(filter) };
}

function redirectScheme(
  { scheme, port, permanent }: Extract<RedirectFilter, { type: 'redirectScheme' }>,
  request: FilteredRequest,
): Page | undefined {
  const { original } = request;
  const found: Scheme = request.isSecure ? 'https' : 'http';
  if (found === scheme && (port === 0 || port === portOf(original.hostHeader, found))) return undefined;
  const wanted = port === 0 ? publicPort(scheme, request) : port;
  const authority = wanted === USUAL[scheme] ? original.host : `${original.host}:${wanted}`;
  return redirect(request, `${scheme}://${authority}${targetOf(request)}`, permanent);
}

/** Where clients find this route by that scheme; a route for plain HTTP alone sends them to another route, on the port for all. */
function publicPort(scheme: Scheme, { compiled, route }: FilteredRequest): number {
  if (scheme === 'https') {
    const { https } = compiled;
    return publicHttpsPort(https, route.route.listeners) || publicHttpsPort(https, []) || USUAL.https;
  }
  return compiled.source.listeners.get('http')?.publicPort ?? USUAL.http;
}

function portOf(hostHeader: string, scheme: Scheme): number {
  const port = /:(\d{1,5})$/.exec(hostHeader)?.[1];
  return port === undefined ? USUAL[scheme] : Number(port);
}

function compilePatternRedirect({
  pattern: source,
  replacement,
  permanent,
}: Extract<RedirectFilter, { type: 'redirectPattern' }>): (request: FilteredRequest) => Page | undefined {
  const pattern = compilePattern(source);
  const replace = pattern.replacer(replacement);
  const checked = compileCheck(replacement);
  return (request) => {
    const url = `${request.isSecure ? 'https' : 'http'}://${request.original.hostHeader}${targetOf(request)}`;
    const location = pattern.test(url) ? replace(url) : url;
    // To itself would be for ever.
    return location === url || location === '' ? undefined : redirect(request, checked(location), permanent);
  };
}

/**
 * A path of the client's must not become the address of another site: `$1` of `https://new.example.com$1` could be `.evil.test`,
 * and `//evil.test` is a host to browsers (CWE-601).
 *
 * @returns checks a location that was made of the replacement
 */
function compileCheck(replacement: string): (location: string) => string {
  const fixed = /^https?:\/\/[^/?#$]+/i.exec(replacement)?.[0] ?? '';
  const mayNameHost = replacement.startsWith('//');
  return (location) => {
    if (
      fixed !== '' &&
      !(location.startsWith(fixed) && /^(?:$|[/?#]|:\d{1,5}(?:$|[/?#]))/.test(location.slice(fixed.length)))
    ) {
      throw new ProxyError('target-malformed', `a redirect would lead to another site than ${fixed}`);
    }
    return mayNameHost ? location : location.replace(/^[/\\]{2,}/, '/');
  };
}

/** `*` stands for the server (RFC 9112 section 3.2.4). */
function targetOf({ original }: FilteredRequest): string {
  return original.target === '*' ? '' : original.target;
}

/** The parser has checked host and target, and what is made of them is escaped: nothing in it can end a line. */
function redirect({ original }: FilteredRequest, location: string, permanent: boolean): Page {
  const { method } = original;
  const mayChangeMethod = method === 'GET' || method === 'HEAD';
  const status = permanent ? (mayChangeMethod ? 301 : 308) : mayChangeMethod ? 302 : 307;
  return renderRedirect({ status, location, method });
}
