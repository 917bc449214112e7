import { IssueError } from '../ports.ts';

/** Node's and OpenSSL's words for a certificate that is not trusted. */
const UNTRUSTED = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH)/;

/** No answer came from the authority: says what to look at. `cause` keeps code and message only, as requests hold signatures. */
export function explainConnection(cause: unknown, url: string): IssueError {
  const { code, message } = factsOf(cause);
  const host = URL.parse(url)?.host ?? url;
  const reason = code === '' ? message : `${code}: ${message}`;
  return new IssueError('unreachable', `no answer from ${host}: ${reason}`, {
    advice: adviceFor(code, host),
    cause: Object.assign(new Error(message), { code }),
  });
}

function adviceFor(code: string, host: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `see that the clock of this machine is right: the certificate of ${host} seems not valid now`;
  }
  if (UNTRUSTED.test(code)) {
    return `give the authority a caFile that ${host} is trusted by; if it is a public authority, something intercepts the connection`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `see that this machine can resolve ${host}`;
  return `see that this machine can reach ${host}: firewall, routing, or the authority is down`;
}

function factsOf(cause: unknown): { readonly code: string; readonly message: string } {
  if (!(cause instanceof Error)) return { code: '', message: 'unknown reason' };
  const code = (cause as { readonly code?: unknown }).code;
  return { code: typeof code === 'string' ? code : '', message: cause.message || 'connection failed' };
}
