import type { Entry } from '../client/peer.ts';
import type { ClientCertificate, TlsFacts } from '../client/tls-facts.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import { headerLine, type RequestHead } from '../http1/index.ts';

const VERIFY = 'x-ssl-client-verify';
const MAX_DN = 4_096;

/** The same for all requests of a connection. */
const linesOf = new WeakMap<TlsFacts, string>();

/**
 * What the backend of a host whose policy asks for client certificates is told about the client's, each line ended by CRLF:
 * `x-ssl-client-verify` (`SUCCESS`, `NONE`, `FAILED:<reason>`), and of a verified one its name and its fingerprint. The parser has
 * removed what the client itself says under these names. Other hosts have none of them.
 */
export function clientCertificateLines({ https }: CompiledSettings, { host }: RequestHead, { peer }: Entry): string {
  const policy = https.policyOf(host);
  if (policy === undefined || policy.clientCertificates === 'none') return '';
  const { tls } = peer;
  if (tls?.clientCertificate === undefined) return `${VERIFY}: NONE\r\n`;
  let lines = linesOf.get(tls);
  if (lines === undefined) {
    lines = describe(tls.clientCertificate);
    linesOf.set(tls, lines);
  }
  return lines;
}

function describe({ verified, problem, subject, fingerprint }: ClientCertificate): string {
  if (!verified) return headerLine(VERIFY, `FAILED:${problem.replace(/[^A-Z0-9_]/g, '')}`);
  const name = printable(subject);
  // A name cut short could be that of somebody else.
  const dn = name.length > MAX_DN ? '' : headerLine('x-ssl-client-dn', name);
  return `${headerLine(VERIFY, 'SUCCESS')}${dn}${headerLine('x-ssl-client-fingerprint-sha256', fingerprint)}`;
}

/** RFC 4514 section 2.4: what is not ASCII as a backslash and two hex digits for each byte of its UTF-8. */
function printable(subject: string): string {
  return subject
    .replaceAll(/[^\x20-\x7e]+/g, (text) =>
      Array.from(Buffer.from(text), (byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .trim();
}
