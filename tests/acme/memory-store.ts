import type { CertificateStore } from '@dproxy/certs';

/** What an issuer keeps, as JSON, so that a test can look at it and damage it. */
export class MemoryStore implements Pick<CertificateStore, 'readState' | 'writeState'> {
  readonly states = new Map<string, string>();

  async readState(name: string): Promise<unknown> {
    const text = this.states.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async writeState(name: string, value: unknown): Promise<void> {
    this.states.set(name, JSON.stringify(value));
  }
}
