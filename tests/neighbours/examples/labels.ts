/** Labels as compose files list them: `key=value`, and `key` alone for an empty value. */
export function labels(...lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const equals = line.indexOf('=');
      return equals === -1 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}
