import { createPrivateKey, X509Certificate } from 'node:crypto';
import { AcmeIssuer, type AcmeIssuerOptions, IssueError, type IssueRequest } from '@dproxy/certs';
import type { AcmeAuthority, AcmeChallengeType } from '@dproxy/config';
import { collectLog } from '@dproxy/testkit';
import { Pebble, type PebbleOptions, TxtSolver } from '@dproxy/testkit/acme';
import { HttpAnswers } from './http-answers.ts';
import { MemoryStore } from './memory-store.ts';
import { TlsAnswers } from './tls-answers.ts';

/** A Pebble that can reach answers to every kind of challenge, and an issuer that gives them. */
export class AuthorityUnderTest implements AsyncDisposable {
  readonly pebble: Pebble;
  readonly http: HttpAnswers;
  readonly tls: TlsAnswers;
  readonly txt: TxtSolver;
  readonly store = new MemoryStore();
  readonly log = collectLog();
  readonly authority: AcmeAuthority;
  readonly issuer: AcmeIssuer;

  private constructor(pebble: Pebble, http: HttpAnswers, tls: TlsAnswers) {
    this.pebble = pebble;
    this.http = http;
    this.tls = tls;
    this.txt = new TxtSolver(pebble.dns);
    this.authority = authorityAt(pebble.directory, pebble.caFile);
    this.issuer = this.newIssuer();
  }

  static async start(options: PebbleOptions = {}): Promise<AuthorityUnderTest> {
    const pebble = await Pebble.start(options);
    const [http, tls] = await Promise.all([HttpAnswers.listen(pebble.httpPort), TlsAnswers.listen(pebble.tlsPort)]);
    return new AuthorityUnderTest(pebble, http, tls);
  }

  /** As after a restart: same store and solvers, nothing remembered. */
  newIssuer(more: Partial<AcmeIssuerOptions> = {}): AcmeIssuer {
    const { store, http, tls, txt } = this;
    const solvers: AcmeIssuerOptions['solvers'] = new Map<AcmeChallengeType, HttpAnswers | TlsAnswers | TxtSolver>([
      ['http-01', http],
      ['tls-alpn-01', tls],
      ['dns-01', txt],
    ]);
    return new AcmeIssuer({ store, solvers, log: this.log, waits: { retryMs: 20, pollMs: 50 }, ...more });
  }

  request(names: readonly string[], more: Partial<IssueRequest> = {}): IssueRequest {
    return {
      names,
      authority: this.authority,
      email: 'me@dproxy.test',
      challenges: ['http-01'],
      keyType: 'ecdsa-p256',
      replaces: '',
      ...more,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.issuer.close();
    await Promise.all([
      this.pebble[Symbol.asyncDispose](),
      this.http[Symbol.asyncDispose](),
      this.tls[Symbol.asyncDispose](),
    ]);
  }
}

export function authorityAt(directory: string, caFile: string): AcmeAuthority {
  return { name: 'pebble', directory, eab: undefined, profile: '', caFile };
}

/** The IssueError that a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<IssueError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof IssueError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** What a client sees of a chain. */
export function readChain(pem: string): readonly X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );
}

export function isPair(certificatePem: string, keyPem: string): boolean {
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
}

export const never = (): AbortSignal => new AbortController().signal;
