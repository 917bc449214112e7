import { IssueError } from '../ports.ts';
import { ownProblem } from './acme-problem.ts';
import { allAtOnce } from './all-at-once.ts';
import { type ChallengeTask, prepareTask } from './challenge-task.ts';
import type { OrderContext } from './order-context.ts';
import { type Authorization, type Order, readAuthorization } from './order-documents.ts';
import { proveName } from './prove-name.ts';

/** Requests at once: far below the limits of authorities for one address. */
const CONCURRENCY = 4;
/** For tidying up, also when the order was aborted because dproxy stops. */
const TIDY_MS = 5_000;

/**
 * Proves every name of the order that the authority does not hold for proven (RFC 8555 section 7.5). All answers stand before
 * the authority is told of any, and go in every case. Names that need no proof any more stay valid for the next order.
 * @throws IssueError, AcmeProblemError
 */
export async function authorize(order: Order, names: readonly string[], context: OrderContext): Promise<void> {
  const { authorizations } = order;
  if (authorizations.length > names.length) throw ownProblem('the order has more authorizations than names');
  const fetched = await allAtOnce(authorizations, CONCURRENCY, (url) => fetchAuthorization(url, names, context));
  for (const authorization of fetched) assertUsable(authorization, context);
  const pending = fetched.filter(({ status }) => status === 'pending');
  const told = new Set<string>();
  try {
    const tasks = await Promise.all(pending.map((authorization) => prepareTask(authorization, context)));
    await solve(tasks, told, context);
  } catch (error) {
    await abandon(
      pending.filter(({ url }) => !told.has(url)),
      context,
    );
    throw error;
  }
}

async function solve(tasks: readonly ChallengeTask[], told: Set<string>, context: OrderContext): Promise<void> {
  try {
    await presentAll(tasks, context);
    // None is given up because another one failed: an answer that goes while the authority looks is one more failure on its
    // account, and five of them in an hour lock the name (Let's Encrypt).
    const outcomes = await Promise.allSettled(tasks.map((task) => proveName(task, told, context)));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    if (failures.length > 0) throw firstOf(failures);
  } finally {
    await withdrawAll(tasks, context);
  }
}

/** Names that were not ordered are never proven: an authority must not choose what is written into a zone. */
async function fetchAuthorization(
  url: string,
  names: readonly string[],
  { client, signal }: OrderContext,
): Promise<Authorization> {
  const authorization = readAuthorization(await client.post(url, null, { signal }), url);
  if (names.includes(authorization.name)) return authorization;
  const wildcard = `*.${authorization.name}`;
  // RFC 8555 section 7.1.4 wants `wildcard: true` there; not every authority says it.
  if (names.includes(wildcard)) return { ...authorization, name: wildcard };
  throw ownProblem('the order has an authorization for a name that was not ordered');
}

function assertUsable({ status, name }: Authorization, { authority }: OrderContext): void {
  if (status === 'pending' || status === 'valid') return;
  throw new IssueError('rejected', `${authority.name}: ${name}: the authorization is ${status}`, {
    advice: 'nothing to do here: a new order is placed at the next attempt',
    host: name,
  });
}

async function presentAll(tasks: readonly ChallengeTask[], { signal }: OrderContext): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  await Promise.allSettled(
    tasks.map(async ({ solver, answer }) => {
      try {
        await solver.present(answer, either);
      } catch (error) {
        failure.abort(error);
      }
    }),
  );
  signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
}

function firstOf(failures: readonly unknown[]): unknown {
  const [first] = failures;
  if (!(first instanceof IssueError) || failures.length === 1) return first;
  const { problem, advice, retryAfterMs, host, cause } = first;
  const others = failures.length - 1;
  const message = `${first.message}; and ${others} other name${others > 1 ? 's' : ''} of the order failed`;
  return new IssueError(problem, message, { advice, retryAfterMs, host, cause });
}

async function withdrawAll(tasks: readonly ChallengeTask[], { log, authority }: OrderContext): Promise<void> {
  const outcomes = await Promise.allSettled(tasks.map(({ solver, answer }) => solver.withdraw(answer)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const { type, host } = tasks[index]?.answer ?? {};
    // The certificate does not depend on it: what stays behind is a record that proves nothing any more.
    log.warn(
      { authority: authority.name, host, type, err: outcome.reason as unknown },
      'a challenge answer stays behind',
    );
  }
}

/** RFC 8555 section 7.5.2. Pending ones count against a limit of the authority until they expire, a week later. */
async function abandon(pending: readonly Authorization[], { client, log, authority }: OrderContext): Promise<void> {
  const signal = AbortSignal.timeout(TIDY_MS);
  await allAtOnce(pending, CONCURRENCY, async ({ url, name }) => {
    try {
      await client.post(url, { status: 'deactivated' }, { signal });
    } catch (error) {
      log.debug(
        { authority: authority.name, host: name, err: error },
        'a pending authorization stays until it expires',
      );
    }
  });
}
