import { IssueError } from '../ports.ts';
import { AcmeProblemError } from './acme-problem.ts';
import type { ChallengeTask } from './challenge-task.ts';
import { explain, type OrderContext } from './order-context.ts';
import { type Authorization, readAuthorization } from './order-documents.ts';
import { pollUntil } from './poll-until.ts';

/**
 * Tells the authority that the answer stands, and waits for its verdict (RFC 8555 section 7.5.1).
 * @param told URLs of the authorizations that the authority works on: this one is in it until the wait is given up
 * @throws IssueError, AcmeProblemError
 */
export async function proveName(task: ChallengeTask, told: Set<string>, context: OrderContext): Promise<void> {
  const { authorization, challenge } = task;
  const { client, signal, waits } = context;
  told.add(authorization.url);
  const refusal = await tell(challenge.url, context);
  const settled = await pollUntil({
    ask: async () => {
      const answer = await client.post(authorization.url, null, { signal });
      return { value: readAuthorization(answer, authorization.url), retryAfter: answer.headers['retry-after'] };
    },
    isDone: ({ status }) => status !== 'pending' || refusal !== undefined,
    firstPauseMs: waits.pollMs,
    deadlineMs: waits.validationMs,
    signal,
  });
  if (settled?.status === 'valid') return;
  if (settled?.status === 'pending' && refusal !== undefined) throw refusal;
  if (settled === undefined) told.delete(authorization.url);
  throw failureOf(settled, task, context);
}

/** The authority may have made up its mind already (a lost answer, sent again): then the authorization tells. */
async function tell(url: string, { client, signal }: OrderContext): Promise<AcmeProblemError | undefined> {
  try {
    await client.post(url, {}, { signal });
    return undefined;
  } catch (error) {
    if (error instanceof AcmeProblemError) return error;
    throw error;
  }
}

function failureOf(settled: Authorization | undefined, task: ChallengeTask, context: OrderContext): IssueError {
  const { name } = task.authorization;
  const { type } = task.challenge;
  if (settled === undefined) {
    const seconds = Math.round(context.waits.validationMs / 1000);
    return new IssueError(
      'unreachable',
      `${context.authority.name}: ${name}: not checked within ${seconds} s (${type})`,
      {
        advice: 'nothing to do here: the authority is slow, and is asked again later',
        host: name,
      },
    );
  }
  const { challenges } = settled;
  const failed = challenges.find(({ url }) => url === task.challenge.url) ?? challenges.find(({ problem }) => problem);
  if (failed?.problem !== undefined) return explain(failed.problem, context, name, type);
  return new IssueError('rejected', `${context.authority.name}: ${name}: the authorization became ${settled.status}`, {
    advice: 'nothing to do here: a new order is placed at the next attempt',
    host: name,
  });
}
