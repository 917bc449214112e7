import type { AcmeAuthority, AcmeChallengeType } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import type { ChallengeSolver } from '../ports.ts';
import { explainProblem } from './explain-problem.ts';
import type { AcmeProblem } from './acme-problem.ts';
import type { SignedClient } from './signed-client.ts';
import type { IssueError } from '../ports.ts';

/** Milliseconds. */
export interface AcmeWaits {
  /** Before a request that failed is sent again; doubles. */
  readonly retryMs: number;
  /** Before an authorization or order is looked at again, unless the authority says otherwise; grows by half. */
  readonly pollMs: number;
  /** How long the authority may take to check the names. */
  readonly validationMs: number;
  /** How long it may take to sign, some ask a person's database. */
  readonly issuanceMs: number;
}

/** What the steps of one order share. */
export interface OrderContext {
  readonly client: SignedClient;
  readonly authority: AcmeAuthority;
  readonly solvers: ReadonlyMap<AcmeChallengeType, ChallengeSolver>;
  /** In the order of preference. */
  readonly challenges: readonly AcmeChallengeType[];
  readonly waits: AcmeWaits;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** @param host the name that it is about; empty: all of the order */
export function explain(
  problem: AcmeProblem,
  { authority, client }: Pick<OrderContext, 'authority' | 'client'>,
  host: string,
  challenge?: AcmeChallengeType,
): IssueError {
  return explainProblem(problem, { authority, host, challenge, caaIdentities: client.directory.caaIdentities });
}
