import { canonicalHost } from './host.ts';

/** A URL as a client would send it: nothing in it is put in order, because that is what is to be explained. */
export interface ExplainedUrl {
  readonly scheme: 'http' | 'https';
  /** As in `Host`: name or address, with the port where the URL has one. */
  readonly authority: string;
  /** 0: the URL has none. */
  readonly port: number;
  /** Path and query, never empty. */
  readonly target: string;
}

/** As long as a browser's address bar is of use; the request line has a smaller limit of its own. */
const MAX_URL = 8_192;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const AFTER_SCHEME = /^([^/?#\\@]+)((?:[/?][^#]*)?)(?:#.*)?$/;

/**
 * @param raw `app.example.com`, `http://app.example.com/path?query`; `http` unless it says `https`
 * @returns undefined for what is no such URL, and for one with user and password
 */
export function readExplainedUrl(raw: string): ExplainedUrl | undefined {
  // Clients encode spaces and what is beyond ASCII; a line break could add a header to the request that is tried.
  if (raw.length > MAX_URL || !raw.isWellFormed() || /[\0-\x20\x7f]/.test(raw)) return undefined;
  const [prefix = '', written = 'http'] = SCHEME.exec(raw) ?? [];
  const scheme = written.toLowerCase();
  const [, authority = '', rest = ''] = AFTER_SCHEME.exec(raw.slice(prefix.length)) ?? [];
  const named = asSent(authority);
  if (named === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined;
  const port = Number(/:(\d{1,5})$/.exec(named)?.[1] ?? 0);
  const target = rest.startsWith('?') || rest === '' ? `/${rest}` : rest;
  return {
    scheme,
    authority: named,
    port,
    target: target.replace(/[^\x21-\x7e]+/g, encodeURIComponent),
  };
}

/** IDNA for names beyond ASCII; the rest stays, also what is no host: the parser's refusal is the explanation. */
function asSent(authority: string): string | undefined {
  if (authority === '' || /^[!-~]+$/.test(authority)) return authority || undefined;
  const host = canonicalHost(authority);
  const port = /:\d+$/.exec(authority)?.[0] ?? '';
  return host === undefined ? undefined : `${host}${port}`;
}
