// How the parts of this package meet: order flow (acme/), DNS providers (dns/), store (store/), and what decides when which
// name is ordered (upkeep/).
import type { AcmeAuthority, AcmeChallengeType, AcmeKeyType } from '@dproxy/config';
import type { CertificateMaterial } from '@dproxy/core';

export interface IssueRequest {
  /** DNS names (lower case, A-labels, `*.` allowed) or IP addresses without brackets; the first one is the main one. */
  readonly names: readonly string[];
  readonly authority: AcmeAuthority;
  /** Contact of the account. */
  readonly email: string;
  /** In the order of preference; names that begin with `*.` take dns-01 only, addresses never do. */
  readonly challenges: readonly AcmeChallengeType[];
  readonly keyType: AcmeKeyType;
  /** RFC 9773 section 4.1: the identifier of the certificate that this one replaces; empty: none. */
  readonly replaces: string;
}

export interface IssuedCertificate {
  readonly names: readonly string[];
  /** Leaf first, then intermediates. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `AcmeAuthority.name` */
  readonly authority: string;
}

/** What must be answered while the authority checks one name. */
export type ChallengeAnswer =
  | {
      readonly type: 'http-01';
      readonly host: string;
      readonly token: string;
      readonly keyAuthorization: string;
    }
  /** `host` is the SNI that will be sent: for addresses their name under `in-addr.arpa` or `ip6.arpa` (RFC 8738 section 6). */
  | { readonly type: 'tls-alpn-01'; readonly host: string; readonly material: CertificateMaterial }
  /** A TXT record, without trailing dot: `_acme-challenge.example.com`. */
  | {
      readonly type: 'dns-01';
      readonly host: string;
      readonly recordName: string;
      readonly recordValue: string;
      /** For hooks in RAW mode, which make the value themselves. */
      readonly token: string;
      readonly keyAuthorization: string;
    };

/** Puts answers where the authority will look. */
export interface ChallengeSolver {
  /**
   * Resolves when whoever may be asked answers it: every worker, or the authoritative DNS servers. All answers of an order are
   * presented at once; a name and its wildcard have two values in one TXT record. @throws IssueError
   */
  present(answer: ChallengeAnswer, signal: AbortSignal): Promise<void>;
  /** Idempotent; also called for what was never presented. */
  withdraw(answer: ChallengeAnswer): Promise<void>;
}

/**
 * - `unauthorized`: the authority looked and did not see our answer (DNS, firewall, another server)
 * - `rate-limited`: by the authority, or refused here before the authority would
 * - `unreachable`: no connection to the authority, a DNS provider or the name's own address
 * - `rejected`: the authority will not issue this (policy, CAA, malformed name, account)
 * - `misconfigured`: something in `acme` of dproxy.yml must change first
 * - `internal`: ours
 */
export type IssueProblem = 'unauthorized' | 'rate-limited' | 'unreachable' | 'rejected' | 'misconfigured' | 'internal';

export class IssueError extends Error {
  override readonly name = 'IssueError';
  readonly problem: IssueProblem;
  /** What to do about it, one sentence for the operator. */
  readonly advice: string;
  /** Not before this, in milliseconds from now; 0: nobody said. */
  readonly retryAfterMs: number;
  /** The name that it is about; empty: all of the order. */
  readonly host: string;

  constructor(
    problem: IssueProblem,
    message: string,
    more: { readonly advice: string; readonly retryAfterMs?: number; readonly host?: string; readonly cause?: unknown },
  ) {
    super(message, { cause: more.cause });
    this.problem = problem;
    this.advice = more.advice;
    this.retryAfterMs = more.retryAfterMs ?? 0;
    this.host = more.host ?? '';
  }
}

/** RFC 9773 section 4.2. Epoch milliseconds. */
export interface RenewalWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly explanationUrl: string;
  /** When to ask again. */
  readonly askAgainMs: number;
}

export interface CertificateIssuer {
  /** @throws IssueError */
  issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate>;
  /** Undefined: the authority has no renewal information, or it cannot be had now. Never throws. */
  renewalWindow(authority: AcmeAuthority, certificatePem: string): Promise<RenewalWindow | undefined>;
}

export interface StoredCertificate extends IssuedCertificate {
  /** SHA-256 fingerprint of the leaf, hex: `CertificateMaterial.id`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Exclusive, among all processes and machines that share the state folder. */
export interface Lease extends AsyncDisposable {
  /** Aborted when the lease was lost (the machine slept, the folder went away). */
  readonly signal: AbortSignal;
}

export interface CertificateStore {
  /** The newest usable version of each; what cannot be used is logged and passed over. */
  load(): Promise<readonly StoredCertificate[]>;
  /** Durable when it resolves. @throws when the certificate does not match its key, or the disk refuses */
  save(certificate: IssuedCertificate): Promise<StoredCertificate>;
  /** Undefined: somebody else holds it. @param key such as the names of an order */
  lease(key: string): Promise<Lease | undefined>;
  /** JSON that survives restarts: accounts, failures, the ledger of orders. Undefined: not there or damaged (logged). */
  readState(name: string): Promise<unknown>;
  /** Atomic and durable, mode 0600. */
  writeState(name: string, value: unknown): Promise<void>;
}
