import { randomUUID } from 'node:crypto';
import type { AcmeAuthority } from '@dproxy/config';
import { type AuthorityLimits, type Limit, limitsOf } from './authority-limits.ts';
import { orderKey } from './plan-orders.ts';
import { registeredDomain } from './registered-domain.ts';
import type { StateDocument } from './state-document.ts';

const KEEP_MS = 7 * 86_400_000;
const MAX_ENTRIES = 20_000;
/** Room below the limit of failures: whoever else uses the account, or an attempt whose end we did not see. */
const FAILURE_MARGIN = 1;
/** No authority limits renewals that it asked for. This is for one whose windows always lie in the past. */
const OWN_RENEWALS: Limit = { count: 5, windowMs: 86_400_000 };

/** One order, as the authority counts it. */
export interface LedgerEntry {
  readonly id: string;
  readonly authority: string;
  readonly atMs: number;
  readonly names: readonly string[];
  /**
   * `sent` before anything is sent, so that a crash counts; `failed`: no certificate came of it, with the name that the
   * authority could not verify, if that was it.
   */
  readonly state: 'sent' | 'failed';
  readonly failedName: string;
  /** It replaced a certificate of the same names: such orders count against few limits, or none. */
  readonly renewal: Renewal;
}

/**
 * - `no`: names that had no certificate
 * - `plain`: the same names again; these do not count against orders and registered domain
 * - `announced`: with `replaces` of RFC 9773; these count against nothing
 */
export type Renewal = 'no' | 'plain' | 'announced';

export interface LedgerRequest {
  readonly authority: AcmeAuthority;
  readonly names: readonly string[];
  readonly renewal: Renewal;
}

/** Admitted, or which limit the authority would refuse by, and until when. */
export type Admission = { readonly entryId: string } | { readonly refusedUntilMs: number; readonly limit: string };

/** Counts what authorities count, so that we refuse first: a refusal here costs nothing and says when. */
export class Ledger {
  readonly #document: StateDocument<readonly LedgerEntry[]>;

  constructor(document: StateDocument<readonly LedgerEntry[]>) {
    this.#document = document;
  }

  /** Writes the order down before it is sent. @throws when the disk refuses: then nothing may be ordered */
  async admit(request: LedgerRequest, nowMs: number): Promise<Admission> {
    return this.#document.update<Admission>((before) => {
      const entries = recent(before, nowMs);
      const refusal = findRefusal(entries, request, nowMs);
      if (refusal !== undefined) return { value: before, result: refusal };
      const { authority, names, renewal } = request;
      const id = randomUUID();
      const entry: LedgerEntry = {
        id,
        authority: authority.name,
        atMs: nowMs,
        names,
        state: 'sent',
        failedName: '',
        renewal,
      };
      return { value: [...entries, entry].slice(-MAX_ENTRIES), result: { entryId: id } };
    });
  }

  /** @param failedName the name that could not be verified; empty: it failed for another reason */
  async fail(entryId: string, failedName: string): Promise<void> {
    await this.#document.update((before) => ({
      value: before.map((entry) => (entry.id === entryId ? { ...entry, state: 'failed' as const, failedName } : entry)),
      result: undefined,
    }));
  }
}

/** @param stored what was read from the state folder: anything */
export function parseLedger(stored: unknown): readonly LedgerEntry[] {
  return Array.isArray(stored) ? stored.filter(isEntry) : [];
}

/** Pure: the first limit that one more order would break. */
export function findRefusal(
  entries: readonly LedgerEntry[],
  { authority, names, renewal }: LedgerRequest,
  nowMs: number,
): Exclude<Admission, { entryId: string }> | undefined {
  const own = entries.filter((entry) => entry.authority === authority.name);
  const limits = limitsOf(authority);
  for (const { limit, label, counted } of countsFor({ limits, own, names, renewal })) {
    const refusedUntilMs = refusedUntil(counted, limit, nowMs);
    if (refusedUntilMs !== undefined) return { refusedUntilMs, limit: label };
  }
  return undefined;
}

interface Count {
  readonly limit: Limit;
  readonly label: string;
  readonly counted: readonly LedgerEntry[];
}

interface Counting {
  readonly limits: AuthorityLimits;
  readonly own: readonly LedgerEntry[];
  readonly names: readonly string[];
  readonly renewal: Renewal;
}

function* countsFor({ limits, own, names, renewal }: Counting): Generator<Count> {
  for (const name of names) {
    const counted = own.filter((entry) => entry.failedName === name);
    const { count, windowMs } = limits.failures;
    const limit = { count: Math.max(1, count - FAILURE_MARGIN), windowMs };
    yield { limit, label: `${count} failures for ${name}`, counted };
  }
  const key = orderKey(names);
  const same = own.filter((entry) => entry.state !== 'failed' && orderKey(entry.names) === key);
  if (renewal === 'announced') {
    yield { limit: OWN_RENEWALS, label: 'five renewals of one certificate in a day', counted: same };
    return;
  }
  yield {
    limit: limits.exactSet,
    label: `${limits.exactSet.count} certificates for the same names`,
    counted: same.filter((entry) => entry.renewal !== 'announced'),
  };
  if (renewal === 'plain') return;
  yield {
    limit: limits.orders,
    label: `${limits.orders.count} new orders of one account`,
    counted: own.filter((entry) => entry.renewal === 'no'),
  };
  for (const domain of new Set(names.map(registeredDomain))) {
    yield {
      limit: limits.registeredDomain,
      label: `${limits.registeredDomain.count} new certificates below ${domain}`,
      counted: own.filter((entry) => isNewBelow(entry, domain)),
    };
  }
}

function isNewBelow({ state, renewal, names }: LedgerEntry, domain: string): boolean {
  return state !== 'failed' && renewal === 'no' && names.some((name) => registeredDomain(name) === domain);
}

/** When the window has room again; undefined: it has room. */
function refusedUntil(counted: readonly LedgerEntry[], { count, windowMs }: Limit, nowMs: number): number | undefined {
  const times = counted.map(({ atMs }) => Math.min(atMs, nowMs)).filter((atMs) => atMs > nowMs - windowMs);
  if (times.length < count) return undefined;
  times.sort((a, b) => b - a);
  return (times[count - 1] ?? nowMs) + windowMs;
}

/** A clock that was ahead must not keep entries for years: what lies in the future happened now. */
function recent(entries: readonly LedgerEntry[], nowMs: number): readonly LedgerEntry[] {
  return entries
    .filter(({ atMs }) => atMs > nowMs - KEEP_MS)
    .map((entry) => (entry.atMs > nowMs ? { ...entry, atMs: nowMs } : entry));
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { id, authority, atMs, names, state, failedName, renewal } = value as Partial<LedgerEntry>;
  return (
    typeof id === 'string' &&
    typeof authority === 'string' &&
    Number.isSafeInteger(atMs) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    (state === 'sent' || state === 'failed') &&
    typeof failedName === 'string' &&
    (renewal === 'no' || renewal === 'plain' || renewal === 'announced')
  );
}
