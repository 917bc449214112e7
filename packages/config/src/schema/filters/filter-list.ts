import { z } from 'zod';
import { field, section, text } from '../field.ts';
import { allowClients, allowHosts } from './allow-lists.ts';
import { basicAuth } from './basic-auth.ts';
import { cors } from './cors.ts';
import { circuitBreaker, retry } from './failures.ts';
import type { FilterEntry, UsedList } from './filter-draft.ts';
import { forwardAuth } from './forward-auth.ts';
import { headers } from './header-changes.ts';
import { errorPages, mirror } from './other-backends.ts';
import { inFlight, rateLimit } from './rate-limit.ts';
import { redirectPattern, redirectScheme } from './redirects.ts';
import {
  addPrefix,
  replacePath,
  replacePathPattern,
  replacePrefix,
  stripPrefix,
  stripPrefixPattern,
} from './rewrites.ts';
import { buffer, compress, bareFilter } from './whole-bodies.ts';

/** Of one route, with those of the lists that it uses. */
export const MAX_FILTERS = 64;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const LIST = 'a list of filters: each entry begins with "- " and the type of a filter';
const ENTRY = 'one filter: a map with its type as the only key, such as stripPrefix: /api';

const none = (meaning: string) => ({ meaning, default: 'none' });
const used = text('the name of a list under filters:', 64).transform((use): UsedList => ({ use }));

/** The keys are `Filter.type`, and `use`. */
const written = section({
  use: field(used, none('Name of a list under filters: at the top; its entries stand here')),
  headers: field(headers(), none('Changes headers: {request, response, preset}')),
  cors: field(cors(), none('Answers cross-origin requests: an origin, a list, or {origins, methods, ...}')),
  redirectScheme: field(redirectScheme(), none('Sends to http or https: the scheme, or {scheme, port, permanent}')),
  redirectPattern: field(redirectPattern(), none('Sends to another URL: {pattern, replacement, permanent}')),
  stripPrefix: field(stripPrefix(), none('Takes the beginning of the path away: a path, a list, or {prefixes}')),
  stripPrefixPattern: field(stripPrefixPattern(), none('The same with a regular expression (RE2), or a list of them')),
  addPrefix: field(addPrefix(), none('Puts a path before the path')),
  replacePath: field(replacePath(), none('Puts a path in place of the path')),
  replacePathPattern: field(replacePathPattern(), none('Changes the path: {pattern, replacement}')),
  replacePrefix: field(replacePrefix(), none('Changes the beginning of the path: {from, to}')),
  allowHosts: field(allowHosts(), none('Refuses requests for other hosts with 403: a host name or a list')),
  allowClients: field(allowClients(), none('Refuses other clients: address blocks, or {ranges, depth, status, ...}')),
  basicAuth: field(basicAuth(), none('Asks for name and password: {users, realm, removeHeader, userHeader}')),
  forwardAuth: field(forwardAuth(), none('Asks another server about each request: its URL, or {url, ...}')),
  rateLimit: field(rateLimit(), none('Limits requests in time: requests per second, or {average, period, burst, by}')),
  inFlight: field(inFlight(), none('Limits requests at the same time: how many, or {amount, by}')),
  errorPages: field(errorPages(), none('Pages of other backends in place of errors: {statuses, to, path}')),
  retry: field(retry(), none('Tries again: how often in all, or {attempts, delay, statuses, ...}')),
  circuitBreaker: field(circuitBreaker(), none('Stops asking backends that fail: an expression, or {expression, ...}')),
  mirror: field(mirror(), none('Sends a copy of requests elsewhere: a backend, a list, or {to, percent, maxBody}')),
  compress: field(compress(), none('Compresses answers: encodings, or {encodings, minSize, ...}; bare: - compress')),
  buffer: field(buffer(), none('Reads requests whole before they go on: {maxRequest, maxResponse}; bare: - buffer')),
});

const single = written.transform((value, context): FilterEntry => {
  const entries: readonly (FilterEntry | undefined)[] = Object.values(value);
  const [entry, ...others] = entries.filter((item) => item !== undefined);
  if (entry !== undefined && others.length === 0) return entry;
  // An unknown key, which says more.
  if (entry === undefined && context.issues.length > 0) return z.NEVER;
  const problem = entry === undefined ? 'an empty map' : `${Object.keys(value).join(' and ')} in one entry`;
  context.addIssue({ code: 'custom', message: ENTRY, params: { problem } });
  return z.NEVER;
});

/** A list of filters, in the order in which they act. */
export function filterList() {
  return z
    .array(z.union([bareFilter(), single], { error: ENTRY }), { error: LIST })
    .max(MAX_FILTERS, { error: `at most ${MAX_FILTERS} filters` });
}

/** `filters` at the top: lists by name. */
export function namedFilters() {
  return z.record(z.string(), filterList(), { error: 'a map of names to lists of filters' });
}

export function isListName(name: string): boolean {
  return NAME.test(name);
}
