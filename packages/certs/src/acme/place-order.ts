import { IssueError, type IssuedCertificate, type IssueRequest } from '../ports.ts';
import { AcmeProblemError, ownProblem } from './acme-problem.ts';
import { authorize } from './authorize.ts';
import { identifiersOf } from './identifiers.ts';
import { makeKeyAndCsr } from './key-and-csr.ts';
import { explain, type OrderContext } from './order-context.ts';
import { type Order, readOrder } from './order-documents.ts';
import { pollUntil } from './poll-until.ts';
import type { TransportAnswer } from './transport.ts';
import { verifyIssued } from './verify-issued.ts';

/**
 * One order from beginning to end (RFC 8555 section 7.4). Nothing of it is kept: after a crash the authority lets it expire, and
 * what was proven by then is proven for the next order, too.
 * @throws IssueError, AcmeProblemError, or the reason of the signal
 */
export async function placeOrder(request: IssueRequest, context: OrderContext): Promise<IssuedCertificate> {
  const { authority, client, signal } = context;
  const names = identifiersOf(request.names).map(({ value }) => value);
  const created = await create(request, context);
  context.log.debug({ authority: authority.name, names: request.names, order: created.url }, 'an order is placed');
  if (created.status === 'pending') await authorize(created, names, context);
  const ready = await waitWhile(created, ['pending'], context);
  if (ready.status !== 'ready') throw failureOf(ready, context);
  const { keyPem, csr } = await makeKeyAndCsr(names, request.keyType);
  const finalized = await finalize(ready, csr, context);
  const issued = await waitWhile(finalized, ['ready', 'processing'], context);
  if (issued.status !== 'valid') throw failureOf(issued, context);
  if (issued.certificate === '') throw ownProblem('the order is valid, but names no certificate');
  // The default chain: others, offered by Link headers (RFC 8555 section 7.4.2), are for clients with a reason.
  const { data } = await client.post(issued.certificate, null, { signal });
  const certificatePem = verifyIssued(data, keyPem, names);
  return { names: request.names, certificatePem, keyPem, authority: authority.name };
}

/** Not worth an order of its own: what the authority may hold against `replaces`, while it takes the order without it. */
const WITHOUT_REPLACES = new Set(['alreadyReplaced', 'malformed', 'unauthorized']);

async function create(request: IssueRequest, context: OrderContext): Promise<Order> {
  const { authority, client, log } = context;
  const profile = profileOf(context);
  const order = { identifiers: identifiersOf(request.names), ...(profile === '' ? {} : { profile }) };
  if (request.replaces === '' || client.directory.renewalInfo === '') return post(order, context);
  try {
    return await post({ ...order, replaces: request.replaces }, context);
  } catch (error) {
    // RFC 9773 section 5: 409, somebody else was faster. The certificate is needed none the less.
    if (!(error instanceof AcmeProblemError) || !WITHOUT_REPLACES.has(error.problem.type)) throw error;
    log.info(
      { authority: authority.name, names: request.names, reason: error.message },
      'the authority takes the order not as a replacement; it is placed as a new one',
    );
    return post(order, context);
  }
}

async function post(order: object, { client, signal }: OrderContext): Promise<Order> {
  const answer = await client.post(client.directory.newOrder, order, { signal });
  const location = answer.headers['location'];
  return readOrder(answer, typeof location === 'string' ? location : '');
}

/** draft-ietf-acme-profiles section 5: one that is not advertised must not be asked for. */
function profileOf({ authority, client }: OrderContext): string {
  const { profiles } = client.directory;
  if (authority.profile === '' || profiles?.includes(authority.profile) === true) return authority.profile;
  const known = profiles === undefined ? 'it knows no profiles' : `it has ${profiles.join(', ')}`;
  throw ownProblem(`no profile ${JSON.stringify(authority.profile)}: ${known}`, { type: 'invalidProfile' });
}

async function finalize(order: Order, csr: string, { client, signal }: OrderContext): Promise<Order> {
  try {
    return readOrder(await client.post(order.finalize, { csr }, { signal }), order.url);
  } catch (error) {
    // The first answer was lost, and the request sent again: the order is on its way (RFC 8555 section 7.4).
    if (error instanceof AcmeProblemError && error.problem.type === 'orderNotReady') return order;
    throw error;
  }
}

/** @throws IssueError at the deadline */
async function waitWhile(order: Order, statuses: readonly Order['status'][], context: OrderContext): Promise<Order> {
  const { authority, client, signal, waits } = context;
  if (!statuses.includes(order.status)) return order;
  const settled = await pollUntil({
    ask: async () => {
      const answer: TransportAnswer = await client.post(order.url, null, { signal });
      return { value: readOrder(answer, order.url), retryAfter: answer.headers['retry-after'] };
    },
    isDone: ({ status }) => !statuses.includes(status),
    firstPauseMs: waits.pollMs,
    deadlineMs: waits.issuanceMs,
    signal,
  });
  if (settled !== undefined) return settled;
  const seconds = Math.round(waits.issuanceMs / 1000);
  throw new IssueError('unreachable', `${authority.name}: the order stays ${order.status} for more than ${seconds} s`, {
    advice: 'nothing to do here: the authority is slow, and is asked again later',
  });
}

function failureOf({ status, problem }: Order, context: OrderContext): IssueError {
  if (problem !== undefined) return explain(problem, context, '');
  return new IssueError('rejected', `${context.authority.name}: the order is ${status}, and no reason is given`, {
    advice: 'nothing to do here: a new order is placed at the next attempt',
  });
}
