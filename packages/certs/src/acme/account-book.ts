import { createHash } from 'node:crypto';
import type { AcmeAuthority } from '@dproxy/config';
import type { CertificateStore } from '../ports.ts';
import { fieldsOf } from './acme-problem.ts';

/** What is kept of an account. */
export interface AccountRecord {
  readonly keyPem: string;
  /** Empty: not registered yet, as far as we know. */
  readonly url: string;
  /** The contact that the authority knows. */
  readonly email: string;
}

/**
 * The accounts in the state folder. One for each directory and external account: staging and production, or two external
 * accounts, never share a key, whatever the authority is called in dproxy.yml.
 */
export class AccountBook {
  readonly #store: Pick<CertificateStore, 'readState' | 'writeState'>;

  constructor(store: Pick<CertificateStore, 'readState' | 'writeState'>) {
    this.#store = store;
  }

  async read(authority: AcmeAuthority): Promise<AccountRecord | undefined> {
    const fields = fieldsOf(await this.#store.readState(accountName(authority)));
    const { keyPem, url, email } = fields;
    if (typeof keyPem !== 'string' || typeof url !== 'string' || typeof email !== 'string') return undefined;
    return { keyPem, url, email };
  }

  async write(authority: AcmeAuthority, record: AccountRecord): Promise<void> {
    await this.#store.writeState(accountName(authority), { directory: authority.directory, ...record });
  }
}

/** `account-<host of the directory>-<12 hex digits>` */
export function accountName({ directory, eab }: AcmeAuthority): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([directory, eab?.kid ?? '']))
    .digest('hex');
  const host = (URL.parse(directory)?.hostname ?? 'unknown').replaceAll(/[^a-z0-9.-]/g, '_').slice(0, 100);
  return `account-${host}-${digest.slice(0, 12)}`;
}
