/** As workers check them. Each step doubles the time of one login: 15 is some seconds, 31 two days. */
const MAX_BCRYPT_COST = 15;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MD5 = /^\$(?:apr1|1)\$[^$\s:]{1,8}\$[./A-Za-z0-9]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;

export const PASSWORD_HASH = 'a hash as htpasswd writes it: bcrypt ($2y$...), MD5 ($apr1$...) or {SHA}...';

/** Why a text cannot be the hash of a password, by its form only; undefined when it can. Never has a part of it. */
export function passwordHashProblem(raw: string): string | undefined {
  const [, cost] = BCRYPT.exec(raw) ?? [];
  if (cost !== undefined) {
    const isFine = Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST;
    return isFine ? undefined : `a bcrypt cost that is not from 4 to ${MAX_BCRYPT_COST}`;
  }
  if (MD5.test(raw) || SHA1.test(raw)) return undefined;
  if (raw.startsWith('$$')) return 'doubled "$", which only compose files need';
  return raw.startsWith('$') || raw.startsWith('{') ? 'another kind of hash, or a broken one' : 'not a hash';
}
