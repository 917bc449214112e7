import { isAddressHost } from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import type { CompiledHeaderRules, CompiledRouteHeaders, RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { type CompiledHsts, HSTS } from './compiled-hsts.ts';
import { hasPublicName } from './https-redirect.ts';

/** What the answers of a route say. */
interface AnsweringRoute {
  readonly headers: CompiledRouteHeaders;
  readonly hsts: CompiledHsts | undefined;
}

/**
 * The rules of a response that go to the client. Behind plugins the rules of the route were applied to what they got; the
 * outermost hop alone knows how the client is connected.
 *
 * @param isFromPlugins the response is what plugins made of the backend's
 */
export function responseRules(
  compiled: CompiledSettings,
  route: AnsweringRoute | undefined,
  {
    head,
    entry,
    isFromPlugins,
  }: { readonly head: RequestHead; readonly entry: Entry; readonly isFromPlugins: boolean },
): CompiledHeaderRules | undefined {
  const plain = isFromPlugins ? undefined : route?.headers.response;
  const hsts = route?.hsts;
  if (hsts === undefined || !mayPin(compiled, head, entry)) return plain;
  return isFromPlugins ? hsts.alone : hsts.rules;
}

/** A page of our own for a route that asks for HSTS. */
export function withHsts(
  page: Page,
  compiled: CompiledSettings,
  route: AnsweringRoute | undefined,
  { head, entry }: { readonly head: RequestHead; readonly entry: Entry },
): Page {
  const hsts = route?.hsts;
  if (hsts === undefined || !mayPin(compiled, head, entry)) return page;
  return page.headers.toLowerCase().includes(`${HSTS}:`) ? page : { ...page, headers: page.headers + hsts.line };
}

/**
 * RFC 6797 sections 7.2 and 8.1.1: never in clear, never for an address. And never under the local CA's certificate: a browser
 * that was told to trust it would keep the rule when a public certificate, or none, comes instead.
 */
function mayPin(compiled: CompiledSettings, { host, claims }: RequestHead, { isEncrypted, peer }: Entry): boolean {
  if (!isEncrypted || isAddressHost(host) || peer.claimedProto(claims) === 'http') return false;
  const serverName = peer.tls?.serverName ?? '';
  return hasPublicName(compiled, host) && hasPublicName(compiled, serverName);
}
