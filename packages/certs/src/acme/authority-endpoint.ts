import { readFile } from 'node:fs/promises';
import type { AcmeAuthority } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import { IssueError } from '../ports.ts';
import { accountName, type AccountBook } from './account-book.ts';
import { type AcmeDirectory, fetchDirectory } from './acme-directory.ts';
import { openAccount } from './open-account.ts';
import type { SignedClient } from './signed-client.ts';
import { Transport } from './transport.ts';

/** New terms and endpoints are seen within the hour. */
const DIRECTORY_AGE_MS = 3_600_000;

interface AccountOf {
  readonly authority: AcmeAuthority;
  readonly email: string;
  readonly book: AccountBook;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** One directory as it is trusted through one CA file: its connections, its directory object, its accounts. */
export class AuthorityEndpoint {
  readonly transport: Transport;
  readonly #url: string;
  #directory: { readonly value: AcmeDirectory; readonly fetchedMs: number } | undefined;
  readonly #accounts = new Map<string, SignedClient>();
  /** So that two orders at once open one account. */
  readonly #opening = new Map<string, Promise<SignedClient>>();

  constructor(url: string, ca: string | undefined, retryMs: number) {
    this.#url = url;
    this.transport = new Transport({ directory: url, ca, pauseMs: retryMs });
  }

  /** @throws IssueError, AcmeProblemError */
  async directory(signal: AbortSignal): Promise<AcmeDirectory> {
    const known = this.#directory;
    if (known !== undefined && performance.now() - known.fetchedMs < DIRECTORY_AGE_MS) return known.value;
    const value = await fetchDirectory(this.transport, this.#url, signal);
    this.#directory = { value, fetchedMs: performance.now() };
    this.#accounts.clear();
    return value;
  }

  /** @throws IssueError, AcmeProblemError */
  account(wanted: AccountOf): Promise<SignedClient> {
    return this.#account(wanted, false);
  }

  /** The account where the authority does not know the one that is kept. @param client what it was used through, if it was */
  accountAnew(wanted: AccountOf, client: SignedClient | undefined): Promise<SignedClient> {
    const key = accountKey(wanted);
    // Not the one that another order has opened anew meanwhile.
    if (client !== undefined && this.#accounts.get(key) === client) this.#accounts.delete(key);
    return this.#account(wanted, true);
  }

  close(): void {
    this.transport.close();
  }

  async #account(wanted: AccountOf, isForgotten: boolean): Promise<SignedClient> {
    const directory = await this.directory(wanted.signal);
    const key = accountKey(wanted);
    for (;;) {
      const known = this.#accounts.get(key);
      if (known !== undefined) return known;
      const opening = this.#opening.get(key);
      if (opening === undefined) break;
      // Its failure is shown to who began it; we then try on our own.
      // oxlint-disable-next-line no-await-in-loop -- until it is there, or ours to open
      await Promise.allSettled([opening]);
    }
    return this.#open(key, { ...wanted, directory, isForgotten });
  }

  async #open(
    key: string,
    wanted: AccountOf & { readonly directory: AcmeDirectory; readonly isForgotten: boolean },
  ): Promise<SignedClient> {
    const opening = openAccount({ ...wanted, transport: this.transport });
    this.#opening.set(key, opening);
    try {
      const account = await opening;
      this.#accounts.set(key, account);
      return account;
    } finally {
      this.#opening.delete(key);
    }
  }
}

function accountKey({ authority, email }: AccountOf): string {
  return `${accountName(authority)} ${email}`;
}

/** @returns undefined: what Node trusts. @throws IssueError `misconfigured` */
export async function readCaFile({ name, caFile }: AcmeAuthority): Promise<string | undefined> {
  if (caFile === '') return undefined;
  const advice = `point caFile of ${name} to a PEM file with the certificate that signs its HTTPS`;
  let pem: string;
  try {
    pem = await readFile(caFile, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IssueError('misconfigured', `${name}: caFile cannot be read: ${reason}`, { advice, cause });
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new IssueError('misconfigured', `${name}: no certificate in ${caFile}`, { advice });
}
