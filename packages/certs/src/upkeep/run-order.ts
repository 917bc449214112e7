import type { AcmeAuthority, AcmeSettings, Scheduler } from '@dproxy/config';
import { isIP } from 'node:net';
import { IssueError, type CertificateIssuer, type CertificateStore, type StoredCertificate } from '../ports.ts';
import { renewalId } from '../acme/renewal-window.ts';
import { type Failure, type Failures, movesOn } from './failures.ts';
import type { Ledger, Renewal } from './ledger.ts';
import { orderKey, type PlannedOrder } from './plan-orders.ts';
import type { Reachability } from './preflight.ts';
import type { RenewalWindows } from './renewal-windows.ts';
import { urgentMs } from './schedule.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';

/** DNS takes its time, and authorities queue; an order that hangs for longer would block its name for ever. */
const MAX_ORDER_MS = 30 * 60_000;

/** What became of one attempt, which may have been several orders at several authorities. */
export type Attempt =
  | { readonly outcome: 'issued'; readonly certificate: StoredCertificate }
  | { readonly outcome: 'failed'; readonly failures: readonly FailedOrder[] }
  /** Another primary is at it. */
  | { readonly outcome: 'elsewhere' }
  /** Another primary has done it, it is not due any more, or we are about to stop. */
  | { readonly outcome: 'unneeded' };

export interface FailedOrder {
  readonly failure: Failure;
  /** Nobody was asked: the authority would have refused. */
  readonly isRefusedHere: boolean;
}

export interface RunOptions {
  readonly order: PlannedOrder;
  readonly settings: AcmeSettings;
  /** That can issue for these names, in the order of preference. */
  readonly authorities: readonly AcmeAuthority[];
  /** Reads what other primaries have done, and says whether the order is still due. */
  readonly refresh: () => Promise<PlannedOrder | undefined>;
  readonly signal: AbortSignal;
}

export interface OrderTools {
  readonly issuer: CertificateIssuer;
  readonly store: CertificateStore;
  readonly reachability: Reachability;
  readonly failures: Failures;
  readonly ledger: Ledger;
  readonly windows: RenewalWindows;
  readonly scheduler: Scheduler;
}

/** Orders one certificate, while nobody else does, at the first authority that will. */
export async function runOrder(tools: OrderTools, options: RunOptions): Promise<Attempt> {
  await using lease = await tools.store.lease(`order:${options.order.key}`);
  if (lease === undefined) return { outcome: 'elsewhere' };
  // Only now it is known that nobody else has just done it.
  const order = await options.refresh();
  if (order === undefined) return { outcome: 'unneeded' };
  const overdue = new AbortController();
  const cancel = tools.scheduler.after(MAX_ORDER_MS, () => overdue.abort());
  try {
    const signal = AbortSignal.any([options.signal, lease.signal]);
    return await askInTurn(tools, { ...options, order, signal }, overdue.signal);
  } catch (cause) {
    // Stopping, or somebody else may have the lease now: that is no failure of this name.
    if (options.signal.aborted) return { outcome: 'unneeded' };
    if (lease.signal.aborted) return { outcome: 'elsewhere' };
    throw cause;
  } finally {
    cancel();
  }
}

async function askInTurn(tools: OrderTools, options: RunOptions, overdue: AbortSignal): Promise<Attempt> {
  const { order, authorities } = options;
  const settings = settingsFingerprint(options.settings);
  const limited = { ...options, signal: AbortSignal.any([options.signal, overdue]) };
  const failures: FailedOrder[] = [];
  let isChecked = false;
  for (const authority of authorities) {
    const nowMs = tools.scheduler.nowMs();
    if ((tools.failures.of(order.key, authority.name)?.nextMs ?? 0) > nowMs) continue;
    let isFree = true;
    try {
      if (!isChecked) await checkNames(tools, limited);
      isChecked = true;
      isFree = false;
      const certificate = await issueOne(tools, limited, authority);
      await tools.failures.forget([order.key]);
      return { outcome: 'issued', certificate };
    } catch (cause) {
      options.signal.throwIfAborted();
      const error = overdue.aborted ? timeoutOf(authority, cause) : toIssueError(cause);
      const attempt = { key: order.key, authority: authority.name, error, isFree, settings };
      const isRefusedHere = error instanceof LocalRefusal;
      const at = tools.scheduler.nowMs();
      const failure = isRefusedHere ? tools.failures.postpone(attempt, at) : await tools.failures.record(attempt, at);
      failures.push({ failure, isRefusedHere });
      if (overdue.aborted || !movesOn(error.problem)) break;
    }
  }
  return { outcome: 'failed', failures };
}

/**
 * Where the first challenge that a name can take needs the authority to reach us. Not when a served certificate is about to end:
 * then the authority shall judge, and not a check that may be wrong.
 */
async function checkNames(
  { reachability, scheduler }: OrderTools,
  { order, settings, signal }: RunOptions,
): Promise<void> {
  const isUrgent = order.current !== undefined && scheduler.nowMs() >= urgentMs(order.current);
  if (!settings.preflight || isUrgent) return;
  for (const name of order.names) {
    const possible = settings.challenges.filter((type) => canTake(name, type));
    if (possible[0] === undefined || possible[0] === 'dns-01') continue;
    // oxlint-disable-next-line no-await-in-loop -- at most two names
    await reachability.check({ name, hasHttp: possible.includes('http-01'), resolvers: settings.resolvers }, signal);
  }
}

function canTake(name: string, type: AcmeSettings['challenges'][number]): boolean {
  if (name.startsWith('*.')) return type === 'dns-01';
  return isIP(name) === 0 || type !== 'dns-01';
}

async function issueOne(
  tools: OrderTools,
  { order, settings, signal }: RunOptions,
  authority: AcmeAuthority,
): Promise<StoredCertificate> {
  const { renewal, replaces } = await describeRenewal(tools.windows, order, authority);
  const { names } = order;
  const admission = await tools.ledger.admit({ authority, names, renewal }, tools.scheduler.nowMs());
  if (!('entryId' in admission)) throw new LocalRefusal(admission, authority, tools.scheduler.nowMs());
  const { challenges, keyType, email } = settings;
  const request = { names, authority, email, challenges, keyType, replaces };
  const issued = await tools.issuer.issue(request, signal).catch(async (cause: unknown) => {
    const isUnverified = cause instanceof IssueError && cause.problem === 'unauthorized';
    await tools.ledger.fail(admission.entryId, isUnverified ? cause.host || (names[0] ?? '') : '');
    throw cause;
  });
  // One that cannot be stored was issued all the same, and counts.
  const stored = await tools.store.save(issued);
  const nowMs = tools.scheduler.nowMs();
  if (stored.notAfterMs > nowMs) return stored;
  // Ordered again at once it would be over again, until a limit is used up.
  throw new IssueError('internal', `${authority.name}: what was just issued has ended by the clock of this machine`, {
    advice: `see that the clock of this machine is right: it shows ${new Date(nowMs).toISOString()}`,
  });
}

/** Only a certificate for the same names is replaced: of two orders that replace the same one, the second is refused. */
async function describeRenewal(
  windows: RenewalWindows,
  { names, current }: PlannedOrder,
  authority: AcmeAuthority,
): Promise<{ readonly renewal: Renewal; readonly replaces: string }> {
  if (current === undefined || orderKey(current.names) !== orderKey(names)) return { renewal: 'no', replaces: '' };
  const isAnnounced =
    current.authority === authority.name && (await windows.isAnnouncing({ certificate: current, authority }));
  const replaces = isAnnounced ? renewalId(current.certificatePem) : '';
  if (replaces !== '') return { renewal: 'announced', replaces };
  return { renewal: current.authority === authority.name ? 'plain' : 'no', replaces: '' };
}

/** Our own word, before the authority would say the same. */
class LocalRefusal extends IssueError {
  constructor(
    { refusedUntilMs, limit }: { readonly refusedUntilMs: number; readonly limit: string },
    authority: AcmeAuthority,
    nowMs: number,
  ) {
    super('rate-limited', `${authority.name} allows no more now: ${limit}`, {
      advice:
        'nothing to do here: it is ordered when there is room again; a wildcard (acme.dns) or a second authority in acme.directory would need less of it',
      retryAfterMs: Math.max(0, refusedUntilMs - nowMs),
    });
  }
}

function timeoutOf({ name }: AcmeAuthority, cause: unknown): IssueError {
  const advice = 'see whether the authority or the DNS provider is slow or down; it is tried again by itself';
  return new IssueError('unreachable', `${name}: the order did not end within 30 minutes`, { advice, cause });
}

function toIssueError(cause: unknown): IssueError {
  if (cause instanceof IssueError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new IssueError('internal', message, { advice: 'look at the log of dproxy for the cause', cause });
}
