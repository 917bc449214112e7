import { IssueError, type ChallengeAnswer, type ChallengeSolver } from '../ports.ts';
import { answerOf } from './challenge-answer.ts';
import { challengesFor } from './identifiers.ts';
import type { OrderContext } from './order-context.ts';
import type { Authorization, ChallengeDocument } from './order-documents.ts';

/** One name on its way from `pending` to `valid`. */
export interface ChallengeTask {
  readonly authorization: Authorization;
  readonly challenge: ChallengeDocument;
  readonly solver: ChallengeSolver;
  readonly answer: ChallengeAnswer;
}

/** Chooses the first preferred challenge that both sides can do. @throws IssueError `misconfigured` */
export async function prepareTask(authorization: Authorization, context: OrderContext): Promise<ChallengeTask> {
  const { name, challenges } = authorization;
  for (const type of challengesFor(name, context.challenges)) {
    const challenge = challenges.find((offered) => offered.type === type);
    const solver = context.solvers.get(type);
    if (challenge === undefined || solver === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- the first one is taken
    const answer = await answerOf(name, challenge, context.client.keyAuthorization(challenge.token));
    return { authorization, challenge, solver, answer };
  }
  const offered = challenges.map(({ type }) => type).join(', ') || 'none that dproxy knows';
  throw new IssueError('misconfigured', `${context.authority.name}: ${name}: no challenge that both sides can do`, {
    advice: `the authority offers ${offered}: add one of these to acme.challenges (dns-01 needs acme.dns, too)`,
    host: name,
  });
}
