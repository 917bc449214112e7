/**
 * The order in which Caddy runs directives, whatever order they stand in; within `route` their own order holds. Those that are
 * not here are refused.
 */
const ORDER = [
  'header',
  'request_body',
  'redir',
  'rewrite',
  'uri',
  'basicauth',
  'basic_auth',
  'forward_auth',
  'request_header',
  'encode',
  'handle',
  'handle_path',
  'route',
  'abort',
  'error',
  'respond',
  'reverse_proxy',
] as const;

export type DirectiveName = (typeof ORDER)[number];

const RANKS: ReadonlyMap<string, number> = new Map(ORDER.map((name, index) => [name, index]));

/** What is written down about requests, and helps nobody to get in: a site serves as well without it. */
const HARMLESS: ReadonlyMap<string, string> = new Map([
  ['log_append', 'accessLog in dproxy.yml'],
  ['log_skip', 'accessLog in dproxy.yml'],
  ['skip_log', 'accessLog in dproxy.yml'],
  ['log_name', 'accessLog in dproxy.yml'],
  ['tracing', 'GET /metrics'],
  ['push', 'nothing: browsers have given it up'],
  ['handle_errors', 'pages in dproxy.yml'],
  ['timeouts', 'limits in dproxy.yml'],
  ['sablier', 'dproxy.wake.idle on the containers: those that have sablier.enable wake by themselves'],
]);

/** The access log is a setting for all; dproxy writes it or not. */
const ACCEPTED: ReadonlySet<string> = new Set(['log']);

export function isDirective(name: string): name is DirectiveName {
  return RANKS.has(name);
}

/** `handle` and `handle_path` are one rank: the first of both that matches is the only one. */
export function rankOf(name: DirectiveName): number {
  return RANKS.get(name === 'handle_path' ? 'handle' : name === 'basicauth' ? 'basic_auth' : name) ?? 0;
}

export function harmlessInstead(name: string): string | undefined {
  return HARMLESS.get(name);
}

export function isAccepted(name: string): boolean {
  return ACCEPTED.has(name);
}

export const KNOWN_DIRECTIVES: string = ORDER.join(', ');
