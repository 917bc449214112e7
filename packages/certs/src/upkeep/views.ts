import { X509Certificate } from 'node:crypto';
import type { CertificateView } from '@dproxy/core';
import type { StoredCertificate } from '../ports.ts';
import type { Failure } from './failures.ts';
import type { PlannedOrder } from './plan-orders.ts';
import type { UnorderableName } from './wanted-names.ts';

/** What is known of one wanted certificate at one moment. */
export interface OrderFacts {
  readonly order: PlannedOrder;
  readonly isRunning: boolean;
  readonly failure: Failure | undefined;
  /** When it is planned to be ordered. */
  readonly neededMs: number;
  /** Not before this; 0: at once. */
  readonly nextAttemptMs: number;
  /** Who is asked first. */
  readonly authority: string;
  /** For the same names, expired. */
  readonly expired: StoredCertificate | undefined;
}

const NO_DATES = { id: '', notBeforeMs: 0, notAfterMs: 0 };

export function viewOfOrder(facts: OrderFacts): CertificateView {
  const { order, failure, neededMs, nextAttemptMs } = facts;
  const certificate = order.current ?? facts.expired;
  const isWaiting = order.current === undefined && Number.isFinite(neededMs);
  return {
    names: order.names,
    kind: 'acme',
    state: stateOf(facts),
    issuer: certificate === undefined ? facts.authority : issuerOf(certificate),
    ...datesOf(certificate),
    renewMs: order.current === undefined || order.renewedBy !== '' ? 0 : neededMs,
    nextAttemptMs: failure !== undefined || isWaiting ? Math.max(neededMs, nextAttemptMs) : 0,
    failures: failure?.count ?? 0,
    problem: failure === undefined ? '' : `${failure.problem}: ${failure.message}`,
    advice: failure?.advice ?? '',
  };
}

function stateOf({ order, isRunning, failure, expired }: OrderFacts): CertificateView['state'] {
  if (order.current !== undefined) {
    if (isRunning) return 'renewing';
    return failure === undefined ? 'valid' : 'failed';
  }
  if (expired !== undefined) return 'expired';
  return isRunning || failure === undefined ? 'pending' : 'failed';
}

export function viewOfUnorderable({ name, problem, advice }: UnorderableName): CertificateView {
  return { ...blank([name]), state: 'failed', issuer: '', problem, advice };
}

/** In the store, and nobody wants it now: kept for when its route is back. */
export function viewOfKept(certificate: StoredCertificate, nowMs: number): CertificateView {
  return {
    ...blank(certificate.names),
    ...datesOf(certificate),
    state: certificate.notAfterMs > nowMs ? 'valid' : 'expired',
    issuer: issuerOf(certificate),
  };
}

function blank(names: readonly string[]): CertificateView {
  const none = { renewMs: 0, nextAttemptMs: 0, failures: 0, problem: '', advice: '' };
  return { names, kind: 'acme', state: 'pending', issuer: '', ...NO_DATES, ...none };
}

function datesOf(certificate: StoredCertificate | undefined) {
  if (certificate === undefined) return NO_DATES;
  const { id, notBeforeMs, notAfterMs } = certificate;
  return { id, notBeforeMs, notAfterMs };
}

const issuers = new WeakMap<StoredCertificate, string>();

/** Common name of the issuer; parsed once per certificate. */
function issuerOf(certificate: StoredCertificate): string {
  const known = issuers.get(certificate);
  if (known !== undefined) return known;
  const { issuer } = new X509Certificate(certificate.certificatePem);
  const name = /^CN=(.+)$/m.exec(issuer)?.[1] ?? issuer.replaceAll('\n', ', ');
  issuers.set(certificate, name);
  return name;
}
