import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../client/tls-facts.ts';

/**
 * The certificate of the client at the other end, and whether it holds.
 *
 * Node shows the engine's verdict only to sockets of a `tls.Server`, which would choose the engine later than we do, so it is
 * asked of the handle; without an answer nothing is verified. The verdict alone is not enough: for a resumed TLS 1.3 session
 * without any certificate it is "fine".
 *
 * @returns undefined: it sent none, in this handshake or in the one that its session began with
 */
export function clientCertificateOf(socket: TLSSocket, nowMs: number): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const notAfterMs = certificate.validToDate.getTime();
  const problem = notAfterMs < nowMs ? 'CERT_HAS_EXPIRED' : verdictOf(socket);
  return {
    verified: problem === '',
    problem,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfterMs,
  };
}

interface Handle {
  readonly verifyError?: () => { readonly code?: string } | null | undefined;
}

function verdictOf(socket: TLSSocket): string {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  if (typeof handle?.verifyError !== 'function') return 'UNVERIFIABLE';
  const error = handle.verifyError();
  if (error === undefined || error === null) return '';
  return error.code ?? 'UNSPECIFIED';
}

/** Node puts each attribute on a line of its own. What else is no printable ASCII must not reach a header or a log. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ',').replaceAll(/[^\x20-\x7e]/g, '?');
}
