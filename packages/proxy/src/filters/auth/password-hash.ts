import { hash, timingSafeEqual } from 'node:crypto';
import { truncates } from 'bcryptjs';

/** Hashes as `htpasswd` writes them. `quick`: checked where the request is, not in the thread. */
export type PasswordHash =
  | { readonly type: 'sha1'; readonly digest: Buffer }
  | { readonly type: 'md5'; readonly magic: '$apr1$' | '$1$'; readonly salt: string; readonly digest: string }
  | { readonly type: 'bcrypt'; readonly text: string };

/** 2^15 rounds are some seconds here: whoever writes a label could stop all logins with more. */
const MAX_BCRYPT_COST = 15;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/;
const MD5 = /^(\$apr1\$|\$1\$)([^$]{1,8})\$([./0-9A-Za-z]{22})$/;
const SHA1 = /^\{SHA\}([+/0-9A-Za-z]{27}=)$/;

/** @throws RangeError that does not show the hash */
export function parsePasswordHash(text: string): PasswordHash {
  const sha1 = SHA1.exec(text)?.[1];
  if (sha1 !== undefined) return { type: 'sha1', digest: Buffer.from(sha1, 'base64') };
  const [, magic, salt = '', digest = ''] = MD5.exec(text) ?? [];
  if (magic === '$apr1$' || magic === '$1$') return { type: 'md5', magic, salt, digest };
  const cost = BCRYPT.exec(text)?.[1];
  if (cost === undefined)
    throw new RangeError('found an unknown kind of password hash, expected $2y$, $apr1$ or {SHA}');
  if (Number(cost) < 4 || Number(cost) > MAX_BCRYPT_COST) {
    throw new RangeError(`found bcrypt with cost ${cost}, expected 4 to ${MAX_BCRYPT_COST}`);
  }
  return { type: 'bcrypt', text };
}

/** As some servers do it: bcrypt would let in everybody who knows the first 72 bytes. */
export function isTooLong(password: string): boolean {
  return truncates(password);
}

/** Microseconds of work. */
export function isSha1(password: string, digest: Buffer): boolean {
  return timingSafeEqual(hash('sha1', password, 'buffer'), digest);
}
