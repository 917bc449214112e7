import type { AcmeAuthority } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import * as acme from 'acme-client';
import type { AccountBook, AccountRecord } from './account-book.ts';
import type { AcmeDirectory } from './acme-directory.ts';
import { AcmeProblemError, ownProblem, webAddress } from './acme-problem.ts';
import { SignedClient } from './signed-client.ts';
import type { Transport } from './transport.ts';

export interface AccountRequest {
  readonly authority: AcmeAuthority;
  readonly directory: AcmeDirectory;
  readonly transport: Transport;
  readonly email: string;
  readonly book: AccountBook;
  readonly log: Log;
  /** The authority has just denied that it knows the account: the URL in the book is not believed. */
  readonly isForgotten: boolean;
  readonly signal: AbortSignal;
}

/**
 * The account that orders are made with: the one of the book, else one that the authority knows for our key, else a new one
 * (RFC 8555 section 7.3). The key is durable before the authority hears of it: a crash in between costs no second account.
 */
export async function openAccount(request: AccountRequest): Promise<SignedClient> {
  const { authority, directory, transport, book } = request;
  const kept = await book.read(authority);
  const record = kept ?? (await newRecord(request));
  const client = new SignedClient({ authority, directory, transport, accountKeyPem: record.keyPem });
  if (record.url !== '' && !request.isForgotten) {
    client.accountUrl = record.url;
    await keepContact(client, record, request);
    return client;
  }
  const found = kept === undefined ? undefined : await find(client, request);
  client.accountUrl = found ?? (await register(client, request));
  const email = found === undefined ? request.email : record.email;
  await book.write(authority, { ...record, url: client.accountUrl, email });
  if (found === undefined)
    request.log.info({ authority: authority.name, account: client.accountUrl }, 'an account was opened');
  else await keepContact(client, { ...record, url: found }, request);
  return client;
}

async function newRecord({ authority, book }: AccountRequest): Promise<AccountRecord> {
  // P-256 whatever the certificates use: every authority accepts it (RFC 8555 section 6.2 demands ES256).
  const key = await acme.crypto.createPrivateEcdsaKey('P-256');
  const record: AccountRecord = { keyPem: key.toString(), url: '', email: '' };
  await book.write(authority, record);
  return record;
}

/** RFC 8555 section 7.3.1. Asked first, as an external account binding may be good for one registration only. */
async function find(client: SignedClient, { directory, signal }: AccountRequest): Promise<string | undefined> {
  try {
    const payload = { onlyReturnExisting: true };
    const answer = await client.post(directory.newAccount, payload, { signal, asNewAccount: 'without-binding' });
    return webAddress(answer.headers['location']) || undefined;
  } catch (error) {
    if (error instanceof AcmeProblemError && error.problem.type === 'accountDoesNotExist') return undefined;
    throw error;
  }
}

async function register(
  client: SignedClient,
  { authority, directory, email, signal }: AccountRequest,
): Promise<string> {
  if (directory.isExternalAccountRequired && authority.eab === undefined) {
    const type = 'externalAccountRequired';
    throw ownProblem('accounts are opened only with an external account binding', { type });
  }
  const payload = { termsOfServiceAgreed: true, contact: contactOf(email) };
  const answer = await client.post(directory.newAccount, payload, { signal, asNewAccount: 'with-binding' });
  const url = webAddress(answer.headers['location']);
  if (url !== '') return url;
  throw ownProblem('an account was opened, but its URL is missing (RFC 8555 section 7.3)');
}

async function keepContact(client: SignedClient, record: AccountRecord, request: AccountRequest): Promise<void> {
  const { authority, book, email, signal } = request;
  if (record.email === email) return;
  await client.post(client.accountUrl, { contact: contactOf(email) }, { signal });
  await book.write(authority, { ...record, email });
}

function contactOf(email: string): readonly string[] {
  return email === '' ? [] : [`mailto:${email}`];
}
