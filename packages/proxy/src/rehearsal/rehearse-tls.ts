import type { CertificateRef, MatchScope, TlsPolicy } from '@dproxy/core';
import type { TlsFacts } from '../client/tls-facts.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { SecureContexts } from '../tls/secure-contexts.ts';
import { type AwaitedCertificate, chooseTls, leafNameOf, type TlsChoice } from '../tls/tls-choice.ts';

/** What a handshake for a name would come to. */
export interface RehearsedTls {
  /** Empty: the client sends none. */
  readonly serverName: string;
  /** With which the handshake is refused before it begins; empty: it is served. */
  readonly alert: string;
  readonly reason: string;
  /** What is shown; undefined when it is refused. */
  readonly certificate: CertificateRef | undefined;
  readonly policy: Pick<TlsPolicy, 'id' | 'profile' | 'clientCertificates'>;
  /** The handshake waits for a certificate first; `certificate` is what there is without. */
  readonly waits: boolean;
  /** Of the connection, when it comes to one. */
  readonly facts: TlsFacts | undefined;
}

export interface TlsQuestion {
  readonly serverName: string;
  readonly scope: MatchScope;
  /** The client shows a certificate that the policy accepts. */
  readonly hasClientCertificate: boolean;
}

const MODERN = 0x0304;

/** Asks what handshakes ask, of a client of today. */
export function rehearseTls(compiled: CompiledSnapshot, question: TlsQuestion, contexts: NotingContexts): RehearsedTls {
  const { serverName, scope } = question;
  const hello = {
    serverName: serverName === '' ? undefined : serverName,
    protocols: ['http/1.1'],
    versions: [MODERN],
    ticketNames: [],
  };
  const { table, tls, settings } = compiled;
  const choose = (mayWaitFor: (certificate: AwaitedCertificate) => boolean): TlsChoice =>
    chooseTls(hello, {
      table: tls,
      contexts,
      isRouted: (host) => table.lookup(host, '/', scope).outcome !== 'route-unknown',
      leafFor: (host) => leafNameOf(host, (pattern) => table.nearestPattern(pattern, scope) === pattern),
      mayWaitFor,
    });
  const first = choose((certificate) => certificate === 'any' || settings.tls.onDemand);
  const choice = first.type === 'wait' ? choose(() => false) : first;
  return { ...describe(choice, compiled, question, contexts), waits: first.type === 'wait' };
}

function describe(
  choice: TlsChoice,
  { tls, source }: CompiledSnapshot,
  { serverName, hasClientCertificate }: TlsQuestion,
  { lastId }: NotingContexts,
): Omit<RehearsedTls, 'waits'> {
  const policy = serverName === '' ? tls.policies.default : tls.policies.find(serverName);
  const told = { serverName, policy };
  if (choice.type !== 'serve') {
    const { alert, reason } = choice.type === 'refuse' ? choice : { alert: 'internal_error', reason: choice.type };
    return { ...told, alert, reason, certificate: undefined, facts: undefined };
  }
  const facts: TlsFacts = {
    serverName: choice.serverName,
    protocol: 'TLSv1.3',
    policyId: policy.id,
    demand: policy.demand,
    clientCertificate: hasClientCertificate && policy.clientCertificates !== 'none' ? ACCEPTED : undefined,
  };
  return { ...told, alert: '', reason: '', certificate: source.certificates.get(lastId), facts };
}

const ACCEPTED = {
  verified: true,
  problem: '',
  subject: '',
  issuer: '',
  serialNumber: '',
  fingerprint: '',
  notAfterMs: Number.MAX_SAFE_INTEGER,
} as const;

/** Tells which certificate was taken; one that cannot be used is passed over, as in a handshake. */
export class NotingContexts extends SecureContexts {
  lastId = '';

  override get(...args: Parameters<SecureContexts['get']>): ReturnType<SecureContexts['get']> {
    this.lastId = args[0].id;
    return super.get(...args);
  }
}
