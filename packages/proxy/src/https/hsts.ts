import { isAddressHost, type Route } from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { type CompiledHeaderRules, headerLine, headerRules, type RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { hasPublicName } from './https-redirect.ts';

const NAME = 'strict-transport-security';

/** `https.hsts` of a route, as its answers need it. */
export interface CompiledHsts {
  readonly line: string;
  /** The route's rules for responses, with it: what the backend says about it is replaced. */
  readonly rules: CompiledHeaderRules;
  /** It alone, for answers to which the rules were applied already. */
  readonly alone: CompiledHeaderRules;
}

/** Undefined where it is off, and where the route's own header rules set the field: they have the last word. */
export function compileHsts(
  { https, headers }: Pick<Route, 'https' | 'headers'>,
  rules: CompiledHeaderRules | undefined,
): CompiledHsts | undefined {
  if (https.hsts === '' || headers.responseSet.some(([name]) => name.toLowerCase() === NAME)) return undefined;
  const line = headerLine(NAME, https.hsts);
  const alone = headerRules([NAME], line, '');
  if (rules === undefined) return { line, rules: alone, alone };
  return { line, alone, rules: headerRules([...rules.taken, NAME], rules.added + line, rules.host) };
}

/**
 * The rules of a response that go to the client. Behind plugins the rules of the route were applied to what they got; the
 * outermost hop alone knows how the client is connected.
 *
 * @param isFromPlugins the response is what plugins made of the backend's
 */
export function responseRules(
  compiled: CompiledSnapshot,
  route: CompiledRoute | undefined,
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
  compiled: CompiledSnapshot,
  route: CompiledRoute | undefined,
  { head, entry }: { readonly head: RequestHead; readonly entry: Entry },
): Page {
  const hsts = route?.hsts;
  if (hsts === undefined || !mayPin(compiled, head, entry)) return page;
  return page.headers.toLowerCase().includes(`${NAME}:`) ? page : { ...page, headers: page.headers + hsts.line };
}

/**
 * RFC 6797 sections 7.2 and 8.1.1: never in clear, never for an address. And never under the local CA's certificate: a browser
 * that was told to trust it would keep the rule when a public certificate, or none, comes instead.
 */
function mayPin(compiled: CompiledSnapshot, { host, claims }: RequestHead, { isEncrypted, peer }: Entry): boolean {
  if (!isEncrypted || isAddressHost(host) || peer.claimedProto(claims) === 'http') return false;
  const serverName = peer.tls?.serverName ?? '';
  return hasPublicName(compiled, host) && hasPublicName(compiled, serverName);
}
