import { createHash, createPrivateKey } from 'node:crypto';
import type { AcmeAuthority } from '@dproxy/config';
import { IssueError, type CertificateStore } from '../ports.ts';
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

  /** Undefined: none, or one whose key cannot be read any more. @throws IssueError when the store cannot be read */
  async read(authority: AcmeAuthority): Promise<AccountRecord | undefined> {
    const fields = fieldsOf(await this.#orExplain(authority, 'read', this.#store.readState(accountName(authority))));
    const { keyPem, url, email } = fields;
    if (typeof keyPem !== 'string' || typeof url !== 'string' || typeof email !== 'string') return undefined;
    return isKey(keyPem) ? { keyPem, url, email } : undefined;
  }

  /** @throws IssueError when the store cannot be written */
  async write(authority: AcmeAuthority, record: AccountRecord): Promise<void> {
    const value = { directory: authority.directory, ...record };
    await this.#orExplain(authority, 'written', this.#store.writeState(accountName(authority), value));
  }

  async #orExplain<T>({ name }: AcmeAuthority, done: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      throw new IssueError('internal', `${name}: the account cannot be ${done}`, {
        advice: 'see that the state folder can be read and written, and that its disk is not full',
        cause,
      });
    }
  }
}

function isKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ec';
  } catch {
    // Damaged by hand: the authority gives a new key a new account.
    return false;
  }
}

/** `account-<host of the directory>-<12 hex digits>`, such as the store takes for a file name as it is. */
export function accountName({ directory, eab }: AcmeAuthority): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([directory, eab?.kid ?? '']))
    .digest('hex');
  const host = (URL.parse(directory)?.hostname ?? 'unknown').replaceAll(/[^a-z0-9]/g, '-').slice(0, 38);
  return `account-${host}-${digest.slice(0, 12)}`;
}
