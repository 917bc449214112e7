import {
  canonicalHost,
  hideUserInfo,
  isAddressHost,
  isLoopbackAddress,
  parseAddress,
  readExplainedUrl,
  type ExplainedUrl,
  type ExplainRequest,
} from '@dproxy/core';

/** A request that can be tried. */
export interface ReadRequest {
  readonly url: ExplainedUrl;
  /** As `RehearsedRequest.head`. */
  readonly head: string;
  readonly serverName: string;
  readonly client: string;
  readonly server: string;
}

const MAX_HEADERS = 32;
const MAX_HEADER = 4_096;
/** RFC 9110 section 9.1: case-sensitive, and all that are registered are upper case. */
const METHOD = /^[A-Z][A-Z-]{0,31}$/;

/** @throws RangeError that says what was found and what is expected */
export function readRequest({ url: raw, method = 'GET', headers, client: asked }: ExplainRequest): ReadRequest {
  const url = readExplainedUrl(raw);
  if (url === undefined) {
    throw new RangeError(
      `url is ${shown(hideUserInfo(raw))}; expected one such as https://app.example.com/path, without spaces, user and password`,
    );
  }
  if (!METHOD.test(method)) throw new RangeError(`method is ${shown(method)}; expected one such as GET or POST`);
  if (headers.length > MAX_HEADERS) throw new RangeError(`${headers.length} headers; expected ${MAX_HEADERS} at most`);
  const client = asked === '' ? '127.0.0.1' : parseAddress(asked)?.toString();
  if (client === undefined) throw new RangeError(`client is ${shown(asked)}; expected an IP address`);
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host');
  const lines = headers.map(headerLine);
  const host = hosts.length === 0 ? `Host: ${url.authority}\r\n` : '';
  return {
    url,
    head: `${method} ${url.target} HTTP/1.1\r\n${host}${lines.join('')}\r\n`,
    serverName: serverNameOf(url.scheme === 'https' ? url.authority : (hosts[0]?.[1] ?? url.authority)),
    client,
    server: serverFor(client),
  };
}

/**
 * One character per byte. Bytes of UTF-8, because cutting characters down to their last byte would make a line break of one that
 * is none (U+010D U+010A).
 */
function headerLine([name, value]: readonly [string, string]): string {
  const line = `${name}: ${value}`;
  if (/[\r\n\0]/.test(line) || line.length > MAX_HEADER) {
    // Its value may be a credential.
    throw new RangeError(
      `the header ${shown(name)} is ${line.length} characters; expected Name: value in one line of ${MAX_HEADER} at most`,
    );
  }
  return `${Buffer.from(line).toString('latin1')}\r\n`;
}

/** RFC 6066 section 3: no address, no port, no dot at the end. */
function serverNameOf(authority: string): string {
  const host = canonicalHost(authority);
  if (host !== undefined) return isAddressHost(host) ? '' : host;
  return authority.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** What a client connects to: programs on this machine to its loopback, others to an address that only they know. */
function serverFor(client: string): string {
  if (!isLoopbackAddress(client)) return '';
  return client.includes(':') ? '::1' : '127.0.0.1';
}

function shown(text: string): string {
  const short = text.length > 64 ? `${text.slice(0, 64)}...` : text;
  return JSON.stringify(short);
}
