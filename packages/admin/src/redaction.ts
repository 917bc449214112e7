/** Header names whose values are credentials. */
const SECRET_NAME = /authorization|cookie|token|secret|password|passwd|api[-_]?key|credential/i;
const USERINFO = /([a-z][a-z0-9+.-]{0,31}:\/\/)[^/?#@\s]{1,1024}@/gi;
const SECRET_PARAMETER = /([?&](?:token|access_token|api_?key|secret|password|sig|signature)=)[^&#\s]*/gi;

/**
 * A copy without secrets (threats.md row 49): values of header pairs with a telling name, user and password in URLs,
 * telling query parameters. Configuration holds such things; a status page, a ticket or a chat must not.
 */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(USERINFO, '$1***@').replace(SECRET_PARAMETER, '$1***');
  }
  if (Array.isArray(value)) {
    const [name, content] = value as unknown[];
    const isPair = value.length === 2 && typeof name === 'string' && typeof content === 'string';
    return isPair && SECRET_NAME.test(name) ? [name, '***'] : value.map((item) => withoutSecrets(item));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]));
}
