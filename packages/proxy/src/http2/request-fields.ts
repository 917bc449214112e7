import { ProxyError } from '@dproxy/core';

/** The fields of one request of HTTP/2, sorted into what they are. */
export interface Http2Fields {
  readonly method: string;
  readonly scheme: string;
  /** Undefined: absent. */
  readonly authority: string | undefined;
  readonly path: string | undefined;
  /** Of extended CONNECT (RFC 8441); undefined: absent. */
  readonly protocol: string | undefined;
  readonly host: string | undefined;
  readonly contentLength: string | undefined;
  /** Everything else: name, value, name, value; cookie crumbs joined to one. */
  readonly regular: readonly string[];
}

const PSEUDO: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':protocol']);
/** RFC 9113 section 8.2.2: a request with one of them is malformed. An h1 backend would take them for its own framing (threats: H2.TE). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** Capitals are malformed (section 8.2.1); a colon or a line end in a name would be another line in HTTP/1.1 (row 17). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** No CR, LF, NUL or other control character, no blank at either end, nothing that is more than a byte. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/**
 * Sorts the fields of a request and checks each, whatever nghttp2 has checked before (threats: row 17).
 *
 * @param raw name, value, name, value, in the order in which they came
 * @throws ProxyError `header-malformed`
 */
export function sortFields(raw: readonly string[]): Http2Fields {
  const pseudo = new Map<string, string>();
  const regular: string[] = [];
  let host: string | undefined;
  let contentLength: string | undefined;
  let cookie: string | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = raw[index + 1] as string;
    if (name.startsWith(':')) {
      if (index > 2 * pseudo.size) throw malformed(name, 'pseudo-headers before all others');
      takePseudo(pseudo, name, value);
      continue;
    }
    checkRegular(name, value);
    if (name === 'host') host = once(name, host, value);
    else if (name === 'content-length') contentLength = once(name, contentLength, value);
    // RFC 9113 section 8.2.3: crumbs of one cookie field.
    else if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else regular.push(name, value);
  }
  if (cookie !== undefined) regular.push('cookie', cookie);
  return {
    method: pseudo.get(':method') ?? '',
    scheme: pseudo.get(':scheme') ?? '',
    authority: pseudo.get(':authority'),
    path: pseudo.get(':path'),
    protocol: pseudo.get(':protocol'),
    host,
    contentLength,
    regular,
  };
}

function takePseudo(pseudo: Map<string, string>, name: string, value: string): void {
  if (!PSEUDO.has(name)) throw malformed(name, 'a pseudo-header of a request');
  if (pseudo.has(name)) throw malformed(name, 'each pseudo-header once');
  if (!VALUE.test(value)) throw malformed(name, 'visible characters');
  pseudo.set(name, value);
}

function checkRegular(name: string, value: string): void {
  if (!NAME.test(name)) throw malformed(name, 'a name in small letters');
  if (!VALUE.test(value)) throw malformed(name, 'a value without control characters and blanks around it');
  if (CONNECTION_SPECIFIC.has(name)) throw malformed(name, 'no field of a connection');
  if (name === 'te' && value.toLowerCase() !== 'trailers') throw malformed(name, 'trailers, or nothing');
}

function once(name: string, before: string | undefined, value: string): string {
  if (before !== undefined) throw malformed(name, 'one such field');
  return value;
}

function malformed(name: string, expected: string): ProxyError {
  return new ProxyError('header-malformed', `found ${JSON.stringify(name.slice(0, 64))}, expected ${expected}`);
}
