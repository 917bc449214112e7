import { readHsts, type Condition, type RouteHttps } from '@dproxy/core';
import { show, unusable } from './_problems.ts';
import { HTTPS_METHODS, type HttpsMethod, type ProxyWide } from './options.ts';
import { valueOf } from './read-sites.ts';
import type { Refusals } from './site-values.ts';
import { LABEL_PREFIX } from './words.ts';

/** What a container wants of plain HTTP and HTTPS. */
export interface HttpsWish {
  readonly https: Pick<RouteHttps, 'redirect' | 'hsts'>;
  /** `nohttp` and `nohttps` answer on one side only. */
  readonly condition: Extract<Condition, { type: 'encrypted' }> | null;
}

interface Words {
  readonly env: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * HTTPS_METHOD, HSTS and NON_GET_REDIRECT. A host without a certificate that clients trust is never redirected: that is
 * nginx-proxy's ENABLE_HTTP_ON_MISSING_CERT, which is on by default.
 */
export function readHttps(words: Words, wide: ProxyWide, refusals: Refusals): HttpsWish {
  const method = readMethod(words, wide, refusals);
  const hsts = readHstsValue(words, wide, refusals);
  switch (method) {
    case 'redirect':
      return { https: { redirect: readRedirect(words, wide, refusals), hsts }, condition: null };
    case 'noredirect':
      return { https: { redirect: 0, hsts: '' }, condition: null };
    case 'nohttp':
      return { https: { redirect: 0, hsts }, condition: { type: 'encrypted', is: true } };
    case 'nohttps':
      return { https: { redirect: 0, hsts: '' }, condition: { type: 'encrypted', is: false } };
    default:
      return method satisfies never;
  }
}

function readMethod({ env }: Words, { httpsMethod }: ProxyWide, refusals: Refusals): HttpsMethod {
  const raw = valueOf(env, 'HTTPS_METHOD');
  const method = raw === '' ? httpsMethod : HTTPS_METHODS.find((each) => each === raw);
  if (method === undefined) refusals.add(unusable('HTTPS_METHOD', raw, HTTPS_METHODS.join(', ')));
  return method ?? httpsMethod;
}

function readHstsValue({ env }: Words, { hsts }: ProxyWide, refusals: Refusals): string {
  const raw = valueOf(env, 'HSTS');
  if (raw === '') return hsts;
  if (raw.toLowerCase() === 'off') return '';
  const value = readHsts(raw);
  if (value === undefined)
    refusals.add(unusable('HSTS', raw, 'off, or a value such as max-age=31536000; includeSubDomains'));
  return value ?? hsts;
}

/** nginx answers 301 to GET in any case; here one status holds for all methods, and 308 means the same to GET. */
function readRedirect({ env, labels }: Words, wide: ProxyWide, refusals: Refusals): 301 | 307 | 308 {
  const label = `${LABEL_PREFIX}non-get-redirect`;
  const name = labels.has(label) ? label : 'NON_GET_REDIRECT';
  const raw = valueOf(labels.has(label) ? labels : env, name);
  const status = ([301, 307, 308] as const).find((each) => String(each) === raw);
  if (raw !== '' && status === undefined) refusals.add(unusable(name, show(raw), '301, 307 or 308'));
  return status ?? wide.nonGetRedirect;
}
