/** Words come from anybody: cut, and without control characters for the log. */
export function show(raw: string): string {
  const line = raw.replaceAll(/\p{Cc}/gu, '?');
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}
