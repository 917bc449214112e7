import type { AcmeAuthority } from '@dproxy/config';
import type { CertificateIssuer, RenewalWindow, StoredCertificate } from '../ports.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Where the authority does not say when to ask again, or had no answer. */
const USUAL_MS = 6 * HOUR_MS;
/** RFC 9773 section 4.3 wants both bounds; a little under half a day makes it twice a day, whatever the authority says. */
const SOONEST_MS = MINUTE_MS;
const LATEST_MS = 11 * HOUR_MS;
const MAX_ASKING = 4;

/** A certificate, and who can say when it should be renewed. */
export interface Askable {
  readonly certificate: StoredCertificate;
  readonly authority: AcmeAuthority;
}

interface Known {
  readonly window: RenewalWindow | undefined;
  readonly askAgainMs: number;
}

/** What authorities say about when to renew (RFC 9773), by certificate. */
export class RenewalWindows {
  readonly #issuer: CertificateIssuer;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Set<string>();
  /** Authorities that have answered: to them a renewal says which certificate it replaces. */
  readonly #announcing = new Set<string>();

  constructor(issuer: CertificateIssuer, nowMs: () => number) {
    this.#issuer = issuer;
    this.#nowMs = nowMs;
  }

  of(certificateId: string): RenewalWindow | undefined {
    return this.#known.get(certificateId)?.window;
  }

  /** Whether its successor shall say what it replaces. Asks, where nobody has asked yet: a renewal may be due at the start. */
  async isAnnouncing(askable: Askable): Promise<boolean> {
    const { certificate, authority } = askable;
    if (!this.#announcing.has(authority.directory) && !this.#known.has(certificate.id)) {
      await this.#askOne(askable, () => {});
    }
    return this.#announcing.has(authority.directory);
  }

  /** Asks what is due, a few at a time. @param changed is called after each answer @returns when all that were begun are there */
  async ask(all: readonly Askable[], changed: () => void): Promise<void> {
    const ids = new Set(all.map(({ certificate }) => certificate.id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    const due = all.filter(({ certificate }) => this.#isDue(certificate.id));
    const begun = due.slice(0, MAX_ASKING - this.#asking.size);
    await Promise.all(begun.map((askable) => this.#askOne(askable, changed)));
  }

  #isDue(id: string): boolean {
    if (this.#asking.has(id)) return false;
    const known = this.#known.get(id);
    const nowMs = this.#nowMs();
    // Further ahead than any answer is allowed to be: the clock was set back.
    return known === undefined || known.askAgainMs <= nowMs || known.askAgainMs > nowMs + LATEST_MS;
  }

  async #askOne({ certificate, authority }: Askable, changed: () => void): Promise<void> {
    this.#asking.add(certificate.id);
    try {
      const answer = await this.#issuer.renewalWindow(authority, certificate.certificatePem);
      const nowMs = this.#nowMs();
      const askAgainMs = answer?.askAgainMs ?? nowMs + USUAL_MS;
      if (answer !== undefined) this.#announcing.add(authority.directory);
      this.#known.set(certificate.id, {
        // What was said last holds while nobody answers: the back-stop is there in any case.
        window: answer ?? this.#known.get(certificate.id)?.window,
        askAgainMs: Math.min(Math.max(askAgainMs, nowMs + SOONEST_MS), nowMs + LATEST_MS),
      });
    } finally {
      this.#asking.delete(certificate.id);
    }
    changed();
  }
}
