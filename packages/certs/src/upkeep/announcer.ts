import type { Log } from '@dproxy/core';
import type { StoredCertificate } from '../ports.ts';
import type { Failure } from './failures.ts';
import type { FailedOrder } from './run-order.ts';
import { orderKey } from './plan-orders.ts';
import { urgentMs } from './schedule.ts';
import type { UnorderableName } from './wanted-names.ts';

const DAY_MS = 86_400_000;

/** Says what happens to certificates: each thing when it changes, and nothing every minute. */
export class Announcer {
  readonly #log: Log;
  readonly #said = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  issued(certificate: StoredCertificate): void {
    const { names, authority, notAfterMs, id } = certificate;
    this.#log.info({ names, authority, notAfter: iso(notAfterMs), id }, 'a certificate was issued');
  }

  /** Each attempt is worth a line: the ladder makes them few. A refusal of our own is worth one while it is the same. */
  failed(names: readonly string[], failures: readonly FailedOrder[]): void {
    for (const { failure, isRefusedHere } of failures) {
      const { key, authority, count, problem, message, advice, nextMs } = failure;
      if (isRefusedHere && !this.#isNews(`refused ${authority} ${key}`, message)) continue;
      const fields = { names, authority, problem, attempts: count, next: iso(nextMs), advice };
      this.#log.warn(fields, `no certificate: ${message}`);
    }
  }

  unorderable(all: readonly UnorderableName[]): void {
    for (const { name, problem, advice } of all) {
      if (this.#isNews(`unorderable ${name}`, problem)) {
        this.#log.warn({ names: [name], advice }, `no certificate is ordered for ${name}: ${problem}`);
      }
    }
  }

  /** For whoever watches logs for errors: once a day, from a week before the end. */
  lapsing(certificate: StoredCertificate, failure: Failure | undefined, nowMs: number): void {
    if (nowMs < urgentMs(certificate)) return;
    if (!this.#isNews(`lapsing ${orderKey(certificate.names)}`, `${certificate.id} ${Math.floor(nowMs / DAY_MS)}`))
      return;
    const { names, notAfterMs, id } = certificate;
    const why =
      failure === undefined ? {} : { problem: failure.problem, reason: failure.message, advice: failure.advice };
    this.#log.error(
      { names, id, notAfter: iso(notAfterMs), ...why },
      'a served certificate is about to end, and is not renewed',
    );
  }

  /** Things that are no more may be said again when they come back. */
  retain(isKnown: (key: string) => boolean): void {
    for (const subject of this.#said.keys()) {
      const key = subject.slice(subject.lastIndexOf(' ') + 1);
      if (!isKnown(key)) this.#said.delete(subject);
    }
  }

  #isNews(subject: string, what: string): boolean {
    if (this.#said.get(subject) === what) return false;
    this.#said.set(subject, what);
    return true;
  }
}

function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
