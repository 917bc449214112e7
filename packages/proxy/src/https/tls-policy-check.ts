import { ProxyError, type TlsPolicy } from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { TlsFacts } from '../client/tls-facts.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { isSecure, redirectPage } from './https-redirect.ts';

/**
 * Whether a request may come in by this connection, before any routing. The handshake knew the SNI only; the Host may be another
 * one (HTTP/2 coalescing, a keep-alive connection, a liar), under a policy that was never asked of this client (threats: rows 37,
 * 38). Where both ask the same, the connection will do.
 *
 * In clear nobody shows a certificate: a host that requires one sends plain requests to HTTPS, and where it cannot, refuses.
 *
 * @returns the redirect of a plain request; undefined: it may
 * @throws ProxyError `misdirected`: RFC 9110 section 15.5.20, the client may try again on a connection of its own
 */
export function checkTlsPolicy(compiled: CompiledSettings, head: RequestHead, entry: Entry): Page | undefined {
  const policy = compiled.https.policyOf(head.host);
  const isRequired = policy?.clientCertificates === 'require';
  if (!entry.isEncrypted) return isRequired ? sendToHttps(compiled, head, entry) : undefined;
  const { tls } = entry.peer;
  // Without facts nothing is known of the handshake, so no policy can have been met.
  const isAdmitted = tls === undefined ? policy === undefined : compiled.tls.admits(tls, head.host);
  if (!isAdmitted) {
    throw new ProxyError('misdirected', `${head.host} asks for another TLS than "${tls?.serverName ?? ''}"`);
  }
  if (isRequired && !hasProof(policy, tls)) {
    throw new ProxyError('misdirected', `${head.host} requires a client certificate`);
  }
  return undefined;
}

function sendToHttps(compiled: CompiledSettings, head: RequestHead, entry: Entry): Page {
  // The certificates that a proxy in front has asked for are not ours to believe, and a redirect would come back here.
  const page = isSecure(entry, head) ? undefined : redirectPage(compiled, head, 308, []);
  if (page === undefined) throw new ProxyError('misdirected', `${head.host} requires a client certificate, and HTTPS`);
  return page;
}

/** The handshake has seen to it already. Asked again, because a hole there (CVE-2026-123872 was one) must not be one here. */
function hasProof({ clientCaPem }: TlsPolicy, facts: TlsFacts | undefined): boolean {
  const certificate = facts?.clientCertificate;
  // No authority: nobody can prove anything (the CA file of the policy cannot be read).
  if (clientCaPem === '' || certificate?.verified !== true) return false;
  // A connection may live longer than the certificate that opened it.
  return Date.now() <= certificate.notAfterMs;
}
