import type { RenewalWindow, StoredCertificate } from '../ports.ts';

const DAY_MS = 86_400_000;
/** Shorter lives than this are renewed half-way: a third of them would leave no time for a day without the authority. */
const SHORT_LIFE_MS = 10 * DAY_MS;
const URGENT_MS = 7 * DAY_MS;

type Life = Pick<StoredCertificate, 'id' | 'notBeforeMs' | 'notAfterMs'>;

/**
 * The last moment at which a renewal begins, whatever the authority suggests: with a third of the life left, with half of
 * it under ten days. Some of it earlier, by the certificate's own number, or all that were made together fall due together.
 */
export function backstopMs(certificate: Life): number {
  const lifeMs = lifeOf(certificate);
  const leftMs = lifeMs < SHORT_LIFE_MS ? lifeMs / 2 : lifeMs / 3;
  const spreadMs = Math.min(DAY_MS, lifeMs / 30);
  return Math.round(certificate.notAfterMs - leftMs - spreadMs * fractionOf(certificate.id));
}

/**
 * When it is renewed: at a moment of the authority's window (RFC 9773 section 4.2), but never after the back-stop. The moment
 * is drawn by the fingerprint, which is as good as random and the same after a restart and in every primary.
 */
export function renewalMs(certificate: Life, window: RenewalWindow | undefined): number {
  const backstop = backstopMs(certificate);
  if (window === undefined) return backstop;
  const { startMs, endMs } = window;
  // RFC 9773 section 4.2: a window that does not end after its start is to be ignored.
  if (!(endMs > startMs)) return backstop;
  return Math.min(backstop, Math.round(startMs + (endMs - startMs) * fractionOf(certificate.id)));
}

/** From here on a failing renewal is an emergency: a week before the end, or a sixth of a short life. */
export function urgentMs(certificate: Life): number {
  return certificate.notAfterMs - Math.min(URGENT_MS, lifeOf(certificate) / 6);
}

function lifeOf({ notBeforeMs, notAfterMs }: Life): number {
  return Math.max(0, notAfterMs - notBeforeMs);
}

/** In [0, 1). @param id SHA-256 in hex */
function fractionOf(id: string): number {
  const value = Number.parseInt(id.slice(0, 8), 16);
  return Number.isNaN(value) ? 0 : value / 0x1_0000_0000;
}
