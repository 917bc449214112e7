const MAX_LENGTH = 400;

/** What somebody else said, fit for a log: no secret, no control character, not long. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== '') clean = clean.replaceAll(secret, '[secret]');
  }
  // oxlint-disable-next-line no-control-regex -- they are what must not reach a terminal or a log line
  clean = clean.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ').trim();
  return clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH)}...` : clean;
}
