/** A hash as `htpasswd` writes it, taken apart. */
export type PasswordHash =
  /** In base64. */
  | { readonly type: 'sha1'; readonly digest: string }
  | { readonly type: 'md5'; readonly magic: '$apr1$' | '$1$'; readonly salt: string; readonly digest: string }
  | { readonly type: 'bcrypt'; readonly text: string };

/** Each step doubles the time of one login: Caddy writes 14, 15 is some seconds, 31 is two days, with which a label would stop all logins. */
const MAX_BCRYPT_COST = 15;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MD5 = /^(\$apr1\$|\$1\$)([^$\s:]{1,8})\$([./A-Za-z0-9]{22})$/;
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;

/** What sources accept is what workers can check. A problem says what is wrong, and never has a part of the text. */
export function readPasswordHash(text: string): { readonly hash: PasswordHash } | { readonly problem: string } {
  const [, cost] = BCRYPT.exec(text) ?? [];
  if (cost !== undefined) {
    const isFine = Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST;
    return isFine
      ? { hash: { type: 'bcrypt', text } }
      : { problem: `a bcrypt cost that is not from 4 to ${MAX_BCRYPT_COST}` };
  }
  const [, magic, salt = '', digest = ''] = MD5.exec(text) ?? [];
  if (magic === '$apr1$' || magic === '$1$') return { hash: { type: 'md5', magic, salt, digest } };
  const [, sha1] = SHA1.exec(text) ?? [];
  if (sha1 !== undefined) return { hash: { type: 'sha1', digest: sha1 } };
  if (text.startsWith('$$')) return { problem: 'doubled "$", which only compose files need' };
  return { problem: /^[${]/.test(text) ? 'another kind of hash, or a broken one' : 'not a hash' };
}
