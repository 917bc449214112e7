const DIRECTIVE = /^(?:max-age=(?:\d{1,10}|"\d{1,10}")|includesubdomains|preload)$/i;
/** A year: what browsers and their preload lists ask for. */
const ONE_YEAR = 'max-age=31536000';

/** `Route.https.hsts` for `true`. */
export const DEFAULT_HSTS = ONE_YEAR;

/**
 * A value of `Strict-Transport-Security` in its usual spelling (RFC 6797 section 6.1): `max-age` once and first, then
 * `includeSubDomains` and `preload`.
 *
 * @returns undefined for anything else: browsers drop what they cannot read, and the site would be without
 */
export function readHsts(raw: string): string | undefined {
  if (raw.length > 200) return undefined;
  const parts = raw.split(';').map((part) => part.trim());
  // RFC 6797 allows an empty directive, such as one after a last semicolon.
  const directives = parts.filter((part) => part !== '').map((part) => part.toLowerCase().replaceAll('"', ''));
  const isKnown = parts.every((part) => part === '' || DIRECTIVE.test(part));
  const names = new Set(directives.map((directive) => directive.split('=', 1)[0]));
  if (!isKnown || names.size !== directives.length) return undefined;
  const maxAge = directives.find((directive) => directive.startsWith('max-age='));
  if (maxAge === undefined) return undefined;
  const subDomains = names.has('includesubdomains') ? '; includeSubDomains' : '';
  return `${maxAge}${subDomains}${names.has('preload') ? '; preload' : ''}`;
}
