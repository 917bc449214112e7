import { X509Certificate } from 'node:crypto';
import { AuthorityKeyIdentifierExtension, X509Certificate as Parsed } from '../_x509.ts';
import type { RenewalWindow } from '../ports.ts';
import { fieldsOf, webAddress } from './acme-problem.ts';
import { retryAfterMs } from '../retry-after.ts';
import type { TransportAnswer } from './transport.ts';

/** RFC 9773 section 4.3.2: six hours where nothing is said, and bounds for what is. */
const DEFAULT_MS = 6 * 3_600_000;
const MIN_MS = 60_000;
const MAX_MS = 24 * 3_600_000;
/** RFC 3339, with a zone: a time without one would be read in that of this machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * RFC 9773 section 4.1: names a certificate in `renewalInfo` and `replaces`, by its authority's key and its serial number. Empty:
 * the certificate does not say who signed it.
 * @throws when it is no certificate
 */
export function renewalId(certificatePem: string): string {
  const certificate = new Parsed(new X509Certificate(certificatePem).raw);
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined || keyId === '') return '';
  return `${encode(keyId)}.${encode(derInteger(certificate.serialNumber))}`;
}

/** The bytes of the DER INTEGER: the zero before a high bit belongs to it (RFC 9773 section 4.1), the parser drops it. */
function derInteger(hex: string): string {
  return /^[89a-f]/i.test(hex) ? `00${hex}` : hex;
}

function encode(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

/** RFC 9773 section 4.2. Undefined: nothing that a renewal may be planned by. */
export function readRenewalWindow({ data, headers }: TransportAnswer, nowMs: number): RenewalWindow | undefined {
  const document = fieldsOf(data);
  const window = fieldsOf(document['suggestedWindow']);
  const startMs = timeOf(window['start']);
  const endMs = timeOf(window['end']);
  // "A RenewalInfo object in which the end timestamp equals or precedes the start timestamp is invalid."
  if (startMs === undefined || endMs === undefined || endMs <= startMs) return undefined;
  const saidMs = retryAfterMs(headers['retry-after'], nowMs);
  return {
    startMs,
    endMs,
    explanationUrl: webAddress(document['explanationURL']),
    askAgainMs: nowMs + (saidMs === 0 ? DEFAULT_MS : Math.min(Math.max(saidMs, MIN_MS), MAX_MS)),
  };
}

function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !TIME.test(value)) return undefined;
  const timeMs = Date.parse(value);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
