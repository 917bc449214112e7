/** Header names whose values are credentials. */
const SECRET_NAME = /authorization|cookie|token|secret|password|passwd|api[-_]?key|credential/i;
const USERINFO = /([a-z][a-z0-9+.-]{0,31}:\/\/)[^/?#@\s]{1,1024}@/gi;
const SECRET_PARAMETER = /([?&](?:token|access_token|api_?key|secret|password|sig|signature)=)[^&#\s]*/gi;
/** Hashes of passwords, wherever they stand: whoever has one can try passwords at home. */
const HASH =
  /\$(?:2[abxy]?|apr1|1|5|6)\$[./A-Za-z0-9$=]{1,256}|\$argon2[a-z]{0,2}\$[^\s"']{1,256}|\{SHA\}[A-Za-z0-9+/]{1,64}=*/g;
const HIDDEN = '***';

/**
 * A copy without secrets (threats.md row 49): values of headers, cookies and parameters with a telling name, user and password
 * in URLs, hashes of passwords. Configuration holds such things; a status page, a ticket or a chat must not.
 */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretParts(value);
  if (Array.isArray(value)) {
    const [name, content] = value as unknown[];
    const isPair = value.length === 2 && typeof name === 'string' && typeof content === 'string';
    return isPair && SECRET_NAME.test(name) ? [name, HIDDEN] : value.map((item) => withoutSecrets(item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const hidden = secretKeys(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hidden.has(key) ? hide(item) : withoutSecrets(item)]),
  );
}

function withoutSecretParts(text: string): string {
  return text.replace(USERINFO, `$1${HIDDEN}@`).replace(SECRET_PARAMETER, `$1${HIDDEN}`).replace(HASH, HIDDEN);
}

const NONE: ReadonlySet<string> = new Set();
const VALUES: ReadonlySet<string> = new Set(['value', 'pattern']);
const USERS: ReadonlySet<string> = new Set(['users']);

/** `{operation, name, value}` of filters and `{type, name, value}` of conditions: a cookie is a session by any name. */
function secretKeys({ type, name }: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  if (type === 'basicAuth') return USERS;
  return typeof name === 'string' && (type === 'cookie' || SECRET_NAME.test(name)) ? VALUES : NONE;
}

/** Of users their names stay. */
function hide(item: unknown): unknown {
  if (Array.isArray(item)) {
    return item.map((user: unknown) => (Array.isArray(user) ? [withoutSecrets(user[0]), HIDDEN] : HIDDEN));
  }
  return typeof item === 'string' && item !== '' ? HIDDEN : item;
}
