import { isAddressHost, type RouteHttps } from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { RequestHead } from '../http1/index.ts';
import { isChallengePath } from '../https/challenge-answer.ts';
import { hasPublicName, isSecure } from '../https/https-redirect.ts';
import { publicHttpsPort } from '../tls/compiled-https.ts';

/** Words for why a request is sent to HTTPS, or is not: asks what `httpsRedirect` asks, in its order. */
export function redirectReason(
  compiled: CompiledSnapshot,
  { route }: CompiledRoute,
  head: RequestHead,
  entry: Entry,
): string {
  if (entry.isEncrypted) return '';
  const { redirect } = route.https;
  if (redirect === 0) return 'not sent to HTTPS: https.redirect of the route is off';
  if (route.audience === 'local') return 'not sent to HTTPS: it is a local name';
  if (isSecure(entry, head)) return 'not sent to HTTPS: a trusted proxy says that the client came by HTTPS';
  if (isChallengePath(head.path)) return 'not sent to HTTPS: it is the question of a certificate authority';
  if (publicHttpsPort(compiled.https, route.listeners) === 0) return 'not sent to HTTPS: no HTTPS listener takes it';
  return certificateReason(compiled, head.host, redirect);
}

function certificateReason(
  compiled: CompiledSnapshot,
  host: string,
  status: Exclude<RouteHttps['redirect'], 0>,
): string {
  if (!hasPublicName(compiled, host)) {
    return `not sent to HTTPS: no certificate of a file or an authority covers ${host}; the local CA's causes no redirect`;
  }
  const kind = isAddressHost(host) ? compiled.tls.default[0]?.ref.kind : compiled.tls.kindFor(host);
  return `sent to HTTPS (${status}): a certificate of kind ${kind ?? ''} covers ${host}`;
}
