import type { SecureContext } from 'node:tls';
import { canonicalHost, isAddressHost, isLocalName } from '@dproxy/core';
import type { AlertName } from './alerts.ts';
import type { ClientHello } from './client-hello.ts';
import type { SecureContexts } from './secure-contexts.ts';
import type { CompiledTlsPolicy } from './tls-policies.ts';
import type { ServedCertificate, TlsTable } from './tls-table.ts';

/** RFC 8737 section 6.2. */
export const ACME_PROTOCOL = 'acme-tls/1';
/** On-demand names with more labels than people use are somebody who makes them up. */
const MAX_ON_DEMAND_LABELS = 10;

/**
 * What a handshake waits for: an ordered certificate in place of the local CA's, or any at all, because the host is so new that
 * its leaf is still being signed.
 */
export type AwaitedCertificate = 'ordered' | 'any';

/** What is to be done with a ClientHello. */
export type TlsChoice =
  | { readonly type: 'refuse'; readonly alert: AlertName; readonly reason: string }
  /** The authority's validation of a name: this handshake, then the end. */
  | { readonly type: 'validate'; readonly context: SecureContext }
  /** `host`: the name that the certificate will have. */
  | { readonly type: 'wait'; readonly until: AwaitedCertificate; readonly host: string }
  | {
      readonly type: 'serve';
      readonly context: SecureContext;
      readonly policy: CompiledTlsPolicy;
      /** Empty: the client sent no name. */
      readonly serverName: string;
    };

export interface TlsChoiceContext {
  readonly table: TlsTable;
  readonly contexts: SecureContexts;
  readonly isRouted: (host: string) => boolean;
  /** The name of the leaf that the local CA makes for a routed name; empty: it makes none. */
  readonly leafFor: (host: string) => string;
  readonly mayWaitFor: (certificate: AwaitedCertificate) => boolean;
}

/** The whole of what the server decides before the engine begins. Nothing else is asked while a handshake runs. */
export function chooseTls(hello: ClientHello, context: TlsChoiceContext): TlsChoice {
  const { serverName, protocols } = hello;
  if (protocols.length === 1 && protocols[0] === ACME_PROTOCOL) return validate(serverName, context);
  if (serverName === undefined) return serve('', context.table.default, hello, context);
  const host = isName(serverName) ? canonicalHost(serverName) : undefined;
  if (host === undefined || !context.isRouted(host)) {
    return { type: 'refuse', alert: 'unrecognized_name', reason: 'nobody has this name' };
  }
  return wait(host, context) ?? serve(host, context.table.find(host), hello, context);
}

function wait(host: string, { table, leafFor, mayWaitFor }: TlsChoiceContext): TlsChoice | undefined {
  const kind = table.kindFor(host);
  if ((kind ?? 'local') === 'local' && mayWaitFor('ordered') && isOnDemand(host)) {
    return { type: 'wait', until: 'ordered', host };
  }
  if (kind !== undefined || !mayWaitFor('any')) return undefined;
  const leaf = leafFor(host);
  return leaf === '' ? undefined : { type: 'wait', until: 'any', host: leaf };
}

/**
 * The leaf that is made for `host`, because a route or stream has that very name or the wildcard for it. A name two labels below
 * a wildcard, and `www.` before a routed name, have none and never will: nobody shall wait for it.
 */
export function leafNameOf(host: string, isServed: (pattern: string) => boolean): string {
  if (isServed(host)) return host;
  const wildcard = `*${host.slice(host.indexOf('.'))}`;
  return host.includes('.') && isServed(wildcard) ? wildcard : '';
}

function validate(serverName: string | undefined, { table, contexts }: TlsChoiceContext): TlsChoice {
  const material = serverName === undefined ? undefined : table.challengeFor(serverName);
  const context = material === undefined ? undefined : contexts.get(material, table.policies.default);
  if (context !== undefined) return { type: 'validate', context };
  return { type: 'refuse', alert: 'no_application_protocol', reason: 'there is no validation under way for it' };
}

function serve(
  serverName: string,
  certificates: readonly ServedCertificate[],
  { ticketNames }: ClientHello,
  { table, contexts }: TlsChoiceContext,
): TlsChoice {
  const policy = serverName === '' ? table.policies.default : table.policies.find(serverName);
  for (const { material } of certificates) {
    const context = contexts.get(material, policy, ticketNames);
    if (context !== undefined) return { type: 'serve', context, policy, serverName };
  }
  const alert = serverName === '' ? 'missing_extension' : 'unrecognized_name';
  return { type: 'refuse', alert, reason: 'there is no certificate for it' };
}

/** RFC 6066 section 3: a DNS name. `canonicalHost` would take a port off and leave a pattern as it is. */
function isName(serverName: string): boolean {
  return !serverName.includes(':') && !serverName.includes('*');
}

function isOnDemand(host: string): boolean {
  const labels = host.split('.').length;
  return labels > 1 && labels <= MAX_ON_DEMAND_LABELS && !isLocalName(host) && !isAddressHost(host);
}
