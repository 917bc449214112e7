/**
 * What a route asks of a request beside host and path. A tree, so that a rule of any dialect fits; patterns are regular
 * expressions in the syntax of RE2 (linear time), matched anywhere unless they are anchored.
 */
export type Condition =
  | { readonly type: 'all' | 'any' | 'none'; readonly of: readonly Condition[] }
  /** `*.example.com` is one label here, unlike in `Route.host`; `*` is every host. */
  | { readonly type: 'host'; readonly host: string }
  | { readonly type: 'hostPattern'; readonly pattern: string }
  /** `exact`, or a `prefix` of characters: `/api` takes `/apis`. Both of the canonical path. */
  | { readonly type: 'path'; readonly kind: 'exact' | 'prefix'; readonly path: string }
  | { readonly type: 'pathPattern'; readonly pattern: string }
  /** Upper case, any of them. */
  | { readonly type: 'method'; readonly methods: readonly string[] }
  /** One of the header's values is `value`; null: the header is there. Names are lower case. */
  | { readonly type: 'header' | 'cookie' | 'query'; readonly name: string; readonly value: string | null }
  | { readonly type: 'headerPattern' | 'queryPattern'; readonly name: string; readonly pattern: string }
  /** CIDRs; the other end of the connection, or who a trusted proxy says it is. */
  | { readonly type: 'client'; readonly ranges: readonly string[] }
  /** Over HTTPS, or in clear. */
  | { readonly type: 'encrypted'; readonly is: boolean };

/**
 * How `Route.path` is compared: in whole `segments` (`/api` takes `/api/x`, not `/apis`), as a raw `prefix` of characters (as
 * nginx and Traefik do), or `exact`.
 */
export type PathMatch = 'segments' | 'prefix' | 'exact';
