/** `{uri}`, `{http.request.host}`, `{$DOMAIN}`: what Caddy fills in. JSON in a body is none. */
export const PLACEHOLDERS = /\{[$A-Za-z][\w.$*:>[\]-]*\}/g;

export function hasPlaceholder(text: string): boolean {
  return text.search(PLACEHOLDERS) >= 0;
}
