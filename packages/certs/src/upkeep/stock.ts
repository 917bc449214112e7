import type { Log } from '@dproxy/core';
import type { CertificateSet } from '../local-certificates.ts';
import type { CertificateStore, StoredCertificate } from '../ports.ts';
import { CertificateIndex } from './certificate-index.ts';
import { servedSet } from './served-set.ts';

export type Publish = (set: CertificateSet) => void;

/** What the store holds, as far as it counts, and what workers have been given of it. */
export class Stock {
  readonly #store: CertificateStore;
  readonly #log: Log;
  #all: readonly StoredCertificate[] = [];
  #counts: (certificate: StoredCertificate) => boolean = () => true;
  #index = new CertificateIndex([]);
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #published = '';
  #isLoaded = false;
  #told = '';

  constructor(store: CertificateStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  get index(): CertificateIndex {
    return this.#index;
  }

  /** False: what is stored is not known yet, so nothing may be ordered. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  all(): readonly StoredCertificate[] {
    return this.#all.filter(this.#counts);
  }

  /** @param counts false for what is no better than nothing, such as certificates of a test authority */
  follow(counts: (certificate: StoredCertificate) => boolean): void {
    this.#counts = counts;
    this.#index = new CertificateIndex(this.all());
  }

  /**
   * Reads the store. All who ask while a reading runs share the next one, which begins after all of them asked. A failure is
   * logged, and what is known stays.
   */
  async reload(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#reading === undefined) return this.#begin();
    this.#next = this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  adopt(certificate: StoredCertificate): void {
    this.#set([...this.#all.filter(({ id }) => id !== certificate.id), certificate]);
  }

  /** Tells workers when what they should serve is something else than before. */
  publish(nowMs: number, publish: Publish): void {
    const set = servedSet(this.#index, nowMs);
    const content = JSON.stringify(set.refs);
    if (content === this.#published) return;
    this.#published = content;
    publish(set);
  }

  #begin(): Promise<void> {
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      this.#set(await this.#store.load());
      this.#isLoaded = true;
      this.#told = '';
    } catch (cause) {
      // Tried again every few seconds, and said once.
      const reason = String(cause);
      if (reason !== this.#told)
        this.#log.error({ err: cause }, 'the stored certificates cannot be read; what is known stays');
      this.#told = reason;
    }
  }

  #set(all: readonly StoredCertificate[]): void {
    this.#all = all;
    this.#index = new CertificateIndex(this.all());
  }
}
