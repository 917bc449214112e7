import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { BasicAuthFilter, PasswordHash } from '@dproxy/core';
import { clientKey } from '../../client/client-key.ts';
import type { CompiledFilter, Verdict } from '../compiled-filter.ts';
import { type FieldChange, fieldChange } from '../field-changes.ts';
import type { FilteredRequest } from '../filtered-request.ts';
import { isSha1, isTooLong, parsePasswordHash } from './password-hash.ts';

/** Longer ones are wrong: no user has them, and every byte of them would be hashed. */
const MAX_CREDENTIALS = 1_024;
const BASIC = /^Basic +([+/0-9A-Za-z]+={0,2})$/i;

interface User {
  readonly hash: PasswordHash;
  /** Undefined: the backend is not told. */
  readonly told: FieldChange | undefined;
}

interface Credentials {
  readonly name: string;
  readonly password: string;
  /** As it was sent. */
  readonly text: string;
}

/**
 * Name and password (RFC 7617). What was checked once is known until the worker ends or the list changes.
 *
 * @throws RangeError for a hash that cannot be checked, without showing it
 */
export function compileBasicAuth(filter: BasicAuthFilter): CompiledFilter {
  return new BasicAuth(filter);
}

class BasicAuth implements CompiledFilter {
  readonly type = 'basicAuth';
  readonly #users: ReadonlyMap<string, User>;
  /** What verdicts hold for. */
  readonly #list: string;
  readonly #challenge: string;
  readonly #realm: string;
  /** What the client has sent, and what it may have sent to look like a user. */
  readonly #removals: readonly FieldChange[];

  constructor({ users, realm, removeHeader, userHeader }: BasicAuthFilter) {
    this.#users = compileUsers(users, userHeader);
    this.#list = createHash('sha256').update(JSON.stringify(users)).digest('latin1');
    this.#realm = realm;
    this.#challenge = `www-authenticate: Basic realm="${quoted(realm)}", charset="UTF-8"\r\n`;
    const removed = [...(removeHeader ? ['authorization'] : []), ...(userHeader === '' ? [] : [userHeader])];
    this.#removals = removed.flatMap((name) => fieldChange('remove', name, '') ?? []);
  }

  onRequest(request: FilteredRequest): Verdict | Promise<Verdict> {
    const credentials = credentialsOf(request);
    const anyone = this.#users.values().next().value;
    if (credentials === undefined || anyone === undefined) return this.#refuse(request);
    const { name, password, text } = credentials;
    const user = this.#users.get(name);
    // For a name that nobody has as much is done: how long it takes shall not tell who is a user.
    const { hash } = user ?? anyone;
    if (hash.type === 'sha1') return this.#decide(request, isSha1(password, hash.digest) ? user : undefined);
    const { logins } = request.services;
    const key = logins.verdictKey(this.#list, text);
    const known = logins.known(key);
    if (known !== undefined) return this.#decide(request, known ? user : undefined);
    const client = clientKey(request.clientAddress);
    return logins
      .check({ password, hash, key, client }, request)
      .then((isRight) => this.#decide(request, isRight ? user : undefined));
  }

  rehearse(request: FilteredRequest): { readonly detail: string; readonly answer?: Verdict } {
    const { name } = credentialsOf(request) ?? {};
    const realm = JSON.stringify(this.#realm);
    if (name === undefined)
      return { detail: `asks for a name and a password for ${realm}`, answer: this.#refuse(request) };
    return { detail: `would check the password for ${realm}, which is taken as right here` };
  }

  #decide(request: FilteredRequest, user: User | undefined): Verdict {
    if (user === undefined) return this.#refuse(request);
    const { requestFields } = request;
    for (const change of this.#removals) requestFields.apply(change);
    if (user.told !== undefined) requestFields.apply(user.told);
    return undefined;
  }

  #refuse(request: FilteredRequest): Verdict {
    return request.refusal(401, this.#challenge);
  }
}

/** The first line of a name counts, as in the files of Apache. */
function compileUsers(users: BasicAuthFilter['users'], userHeader: string): ReadonlyMap<string, User> {
  const compiled = new Map<string, User>();
  for (const [name, text] of users) {
    if (compiled.has(name)) continue;
    const told = userHeader === '' ? undefined : fieldChange('set', userHeader, Buffer.from(name).toString('latin1'));
    compiled.set(name, { hash: parsePasswordHash(text), told });
  }
  return compiled;
}

/** Undefined: none, several, or such that nobody can have. */
function credentialsOf(request: FilteredRequest): Credentials | undefined {
  const lines = request.fields('authorization');
  const text = lines.length === 1 ? (lines[0] ?? '') : '';
  const encoded = text.length > MAX_CREDENTIALS ? undefined : BASIC.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const decoded = bytes.toString();
  const colon = decoded.indexOf(':');
  // What is no UTF-8 would be read like every other text that is none.
  if (colon < 0 || !isUtf8(bytes) || decoded.includes('\0')) return undefined;
  const password = decoded.slice(colon + 1);
  return isTooLong(password) ? undefined : { name: decoded.slice(0, colon), password, text };
}

/** RFC 9110 section 5.6.4. */
function quoted(realm: string): string {
  return realm.replaceAll(/[^ -~]/g, '?').replaceAll(/["\\]/g, '\\$&');
}
