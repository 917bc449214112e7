import { sameValue } from './same-value.ts';

/** Who holds a host, on machines with several tenants. Persisted by the caller; `[...ledger]` is its JSON. */
export type OwnershipLedger = ReadonlyMap<string, Ownership>;

export interface Ownership {
  /** Compose project; `container:<name>` for a container without one. */
  readonly project: string;
  /** Epoch ms since which the project has held the host. */
  readonly sinceMs: number;
  /** Whether it has a container for it. */
  readonly isPresent: boolean;
  /** Epoch ms at which the last of its containers was missed first; while it has one, at which it came (back). */
  readonly lastSeenMs: number;
}

/** A host stays reserved for its owner that long after its last container is removed (contract: ownership). */
export const OWNERSHIP_RELEASE_MS = 24 * 60 * 60 * 1_000;

export interface HostClaim {
  readonly host: string;
  readonly project: string;
  /** Epoch ms at which the container was created. */
  readonly sinceMs: number;
}

/**
 * The ledger after these claims: an owner keeps its host while it has a container and for 24 h after, then the oldest
 * claim gets it, or it is forgotten when there is none. The 24 h begin when the absence is seen, so that they do not pass
 * while dproxy is off.
 *
 * @returns `ledger` itself when nothing changed, so that it need not be written again
 */
export function settleOwnership(ledger: OwnershipLedger, claims: Iterable<HostClaim>, nowMs: number): OwnershipLedger {
  const claimsOf = Map.groupBy(claims, ({ host }) => host);
  const next = new Map<string, Ownership>();
  for (const [host, owner] of ledger) {
    const settled = settleOwner(owner, claimsOf.get(host) ?? [], nowMs);
    if (settled !== undefined) next.set(host, settled);
  }
  for (const [host, list] of claimsOf) {
    if (next.has(host)) continue;
    const { project, sinceMs } = list.reduce((a, b) => (isOlder(b, a) ? b : a));
    next.set(host, { project, sinceMs, isPresent: true, lastSeenMs: nowMs });
  }
  return sameValue([...next], [...ledger]) ? ledger : next;
}

/** @returns undefined when the host is free again */
function settleOwner(owner: Ownership, claims: readonly HostClaim[], nowMs: number): Ownership | undefined {
  const isPresent = claims.some((claim) => claim.project === owner.project);
  if (isPresent !== owner.isPresent) return { ...owner, isPresent, lastSeenMs: nowMs };
  return isPresent || nowMs - owner.lastSeenMs < OWNERSHIP_RELEASE_MS ? owner : undefined;
}

function isOlder(a: HostClaim, b: HostClaim): boolean {
  return a.sinceMs < b.sinceMs || (a.sinceMs === b.sinceMs && a.project < b.project);
}
