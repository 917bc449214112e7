import {
  canonicalHost,
  type CertificateRef,
  isAddressHost,
  type ListenerIds,
  type Route,
  type RouteHttps,
} from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import type { RequestHead } from '../http1/index.ts';
import { type Page, renderRedirect } from '../pages/index.ts';
import { publicHttpsPort } from '../tls/compiled-https.ts';
import { isChallengePath } from './challenge-answer.ts';

/** The answer that sends a plain request for this route to HTTPS; undefined: it is answered as it is. */
export function httpsRedirect(
  compiled: CompiledSettings,
  route: Route,
  head: RequestHead,
  entry: Entry,
): Page | undefined {
  const { redirect } = route.https;
  if (redirect === 0 || route.audience === 'local') return undefined;
  if (isSecure(entry, head) || isChallengePath(head.path)) return undefined;
  return redirectPage(compiled, head, redirect, route.listeners);
}

/** Undefined: nobody listens there, or clients would not trust what they are shown. */
export function redirectPage(
  compiled: CompiledSettings,
  head: RequestHead,
  status: Exclude<RouteHttps['redirect'], 0>,
  listeners: ListenerIds,
): Page | undefined {
  const port = publicHttpsPort(compiled.https, listeners);
  if (port === 0 || !hasPublicName(compiled, head.host)) return undefined;
  // The parser has checked host and target: nothing in them can end a line. `*` stands for the server (RFC 9112 section 3.2.4).
  const target = head.target === '*' ? '' : head.target;
  const authority = port === 443 ? head.host : `${head.host}:${port}`;
  return renderRedirect({ status, location: `https://${authority}${target}`, method: head.method });
}

/** The client's side of it is HTTPS: here, or at a trusted proxy that ended the TLS (a redirect would never end). */
export function isSecure({ isEncrypted, peer }: Entry, { claims }: RequestHead): boolean {
  return isEncrypted || peer.claimedProto(claims) === 'https';
}

/**
 * Whether whoever asks for this host over HTTPS is shown a certificate from a file or an authority, not the local CA's. A name
 * without a dot is one of the local network, which no authority vouches for.
 */
export function hasPublicName({ tls }: CompiledSettings, host: string): boolean {
  if (!isAddressHost(host)) return host.includes('.') && isPublic(tls.kindFor(host));
  // No SNI carries an address (RFC 6066 section 3): clients are shown what those without a name are shown.
  const shown = tls.default[0]?.ref;
  return isPublic(shown?.kind) && shown?.names.some((name) => canonicalHost(name) === host) === true;
}

function isPublic(kind: CertificateRef['kind'] | undefined): boolean {
  return kind === 'file' || kind === 'acme';
}
