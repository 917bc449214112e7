/**
 * What a route counts that says no priority: the length of the rule that says host and path in the words of Traefik, which is
 * what Traefik counts. So routes of both kinds can stand beside each other on one host.
 *
 * @param host a pattern; `*` is no part of the rule
 */
export function rulePriority(host: string, path: string): number {
  const hostRule = host === '*' ? 0 : host.length + HOST_WORDS;
  if (path === '/' && hostRule > 0) return hostRule;
  return hostRule + (hostRule === 0 ? 0 : AND.length) + path.length + PATH_WORDS;
}

const HOST_WORDS = 'Host(``)'.length;
const PATH_WORDS = 'PathPrefix(``)'.length;
const AND = ' && ';
