import type { AcmeAuthority, AcmeChallengeType } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import {
  IssueError,
  type CertificateIssuer,
  type CertificateStore,
  type ChallengeSolver,
  type IssuedCertificate,
  type IssueRequest,
  type RenewalWindow,
} from '../ports.ts';
import { AccountBook } from './account-book.ts';
import { AcmeProblemError } from './acme-problem.ts';
import type { AuthorityEndpoint } from './authority-endpoint.ts';
import { explainProblem } from './explain-problem.ts';
import { challengesFor } from './identifiers.ts';
import type { AcmeWaits } from './order-context.ts';
import { readRenewalWindow, renewalId } from './renewal-window.ts';
import type { SignedClient } from './signed-client.ts';

export interface AcmeIssuerOptions {
  /** Accounts are kept here. */
  readonly store: Pick<CertificateStore, 'readState' | 'writeState'>;
  /** What can be answered; looked up at each order. */
  readonly solvers: ReadonlyMap<AcmeChallengeType, ChallengeSolver>;
  readonly log: Log;
  readonly waits?: Partial<AcmeWaits>;
}

const WAITS: AcmeWaits = { retryMs: 1_000, pollMs: 1_000, validationMs: 180_000, issuanceMs: 300_000 };
const RENEWAL_INFO_MS = 30_000;

/**
 * Loaded with the first order or question: acme-client takes 170 ms and 40 MB, and most starts need none of it.
 */
async function loadFlow() {
  const [{ AuthorityEndpoint, readCaFile }, { placeOrder }] = await Promise.all([
    import('./authority-endpoint.ts'),
    import('./place-order.ts'),
  ]);
  return { AuthorityEndpoint, readCaFile, placeOrder };
}

/** Orders certificates from any ACME authority. One for the process: orders of one account share its connection and nonces. */
export class AcmeIssuer implements CertificateIssuer {
  readonly #book: AccountBook;
  readonly #solvers: ReadonlyMap<AcmeChallengeType, ChallengeSolver>;
  readonly #log: Log;
  readonly #waits: AcmeWaits;
  readonly #endpoints = new Map<string, { readonly ca: string | undefined; readonly endpoint: AuthorityEndpoint }>();

  constructor({ store, solvers, log, waits }: AcmeIssuerOptions) {
    this.#book = new AccountBook(store);
    this.#solvers = solvers;
    this.#log = log;
    this.#waits = { ...WAITS, ...waits };
  }

  /** @throws IssueError */
  async issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    try {
      this.#assertProvable(request);
      return await this.#issue(request, await this.#endpoint(request.authority), signal);
    } catch (error) {
      throw asIssueError(error, request, signal);
    }
  }

  /** Undefined: the authority has no renewal information, or it cannot be had now. Never throws. */
  async renewalWindow(authority: AcmeAuthority, certificatePem: string): Promise<RenewalWindow | undefined> {
    try {
      const signal = AbortSignal.timeout(RENEWAL_INFO_MS);
      const id = renewalId(certificatePem);
      const endpoint = await this.#endpoint(authority);
      const { renewalInfo } = await endpoint.directory(signal);
      if (id === '' || renewalInfo === '') return undefined;
      // RFC 9773 section 4.1 joins them with one slash.
      const url = `${renewalInfo.replace(/\/$/, '')}/${id}`;
      const answer = await endpoint.transport.send({ url, method: 'get', signal });
      return answer.status === 200 ? readRenewalWindow(answer, Date.now()) : undefined;
    } catch (error) {
      this.#log.debug({ authority: authority.name, err: error }, 'no renewal information');
      return undefined;
    }
  }

  /** Cuts what is under way. */
  close(): void {
    for (const { endpoint } of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
  }

  async #issue(request: IssueRequest, endpoint: AuthorityEndpoint, signal: AbortSignal): Promise<IssuedCertificate> {
    const { authority, email, challenges } = request;
    const wanted = { authority, email, book: this.#book, log: this.#log, signal };
    const order = { authority, solvers: this.#solvers, challenges, waits: this.#waits, log: this.#log, signal };
    const { placeOrder } = await loadFlow();
    let client: SignedClient | undefined;
    try {
      client = await endpoint.account(wanted);
      return await placeOrder(request, { ...order, client });
    } catch (error) {
      // The authority was set up anew, as staging servers are from time to time: an account of before is worth nothing there.
      if (!(error instanceof AcmeProblemError) || error.problem.type !== 'accountDoesNotExist') throw error;
      this.#log.warn({ authority: authority.name }, 'the authority does not know our account; it is registered again');
      return await placeOrder(request, { ...order, client: await endpoint.accountAnew(wanted, client) });
    }
  }

  /** What cannot be proven is not ordered: each order counts. */
  #assertProvable({ names, challenges }: IssueRequest): void {
    for (const name of names) {
      if (challengesFor(name, challenges).some((type) => this.#solvers.has(type))) continue;
      const advice = name.startsWith('*.')
        ? 'set acme.dns and add dns-01 to acme.challenges: a wildcard is proven by DNS only'
        : 'add http-01 or tls-alpn-01 to acme.challenges, or set acme.dns for dns-01';
      throw new IssueError('misconfigured', `${name}: no challenge that can prove it`, { advice, host: name });
    }
  }

  async #endpoint(authority: AcmeAuthority): Promise<AuthorityEndpoint> {
    const key = `${authority.directory} ${authority.caFile}`;
    const { AuthorityEndpoint, readCaFile } = await loadFlow();
    const ca = await readCaFile(authority);
    const known = this.#endpoints.get(key);
    if (known !== undefined && known.ca === ca) return known.endpoint;
    const endpoint = new AuthorityEndpoint(authority.directory, ca, this.#waits.retryMs);
    this.#endpoints.set(key, { ca, endpoint });
    return endpoint;
  }
}

function asIssueError(error: unknown, { authority, names }: IssueRequest, signal: AbortSignal): IssueError {
  if (signal.aborted) {
    return new IssueError('internal', `${authority.name}: the order was aborted`, {
      advice: 'nothing to do here: it is placed again',
      cause: signal.reason,
    });
  }
  if (error instanceof IssueError) return error;
  const host = names.length === 1 ? (names[0] ?? '') : '';
  if (error instanceof AcmeProblemError) return explainProblem(error.problem, { authority, host });
  const reason = error instanceof Error ? error.message : String(error);
  return new IssueError('internal', `${authority.name}: ${reason}`, {
    advice: 'look at the log, and report this as a bug of dproxy',
    host,
    cause: error,
  });
}
