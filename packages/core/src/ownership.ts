/** Who holds a host, for hosts with several tenants. Persisted by the caller; `[...ledger]` is its JSON. */
export type OwnershipLedger = ReadonlyMap<string, Ownership>;

export interface Ownership {
  /** Compose project; `container:<name>` for a container without one. */
  readonly project: string;
  /** Epoch ms since which the project has held the host. */
  readonly sinceMs: number;
  /** Epoch ms at which one of its containers was last seen. */
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
 * The ledger after these claims: an owner keeps its host while it has a container or for 24 h after, then the oldest
 * claim gets it. Without claims and after 24 h the host is forgotten.
 */
export function settleOwnership(ledger: OwnershipLedger, claims: Iterable<HostClaim>, nowMs: number): OwnershipLedger {
  const claimsOf = new Map<string, HostClaim[]>();
  for (const claim of claims) {
    const list = claimsOf.get(claim.host);
    if (list === undefined) claimsOf.set(claim.host, [claim]);
    else list.push(claim);
  }
  const next = new Map<string, Ownership>();
  for (const [host, owner] of ledger) {
    if (nowMs - owner.lastSeenMs < OWNERSHIP_RELEASE_MS) next.set(host, owner);
  }
  for (const [host, list] of claimsOf) {
    const owner = next.get(host) ?? ledgerEntryStillClaimed(ledger.get(host), list) ?? firstOwner(list);
    const isSeen = list.some((claim) => claim.project === owner.project);
    next.set(host, isSeen ? { ...owner, lastSeenMs: Math.max(nowMs, owner.lastSeenMs) } : owner);
  }
  return next;
}

/** dproxy may have been off for more than 24 h: an owner whose containers are still there has not left. */
function ledgerEntryStillClaimed(owner: Ownership | undefined, claims: readonly HostClaim[]): Ownership | undefined {
  return claims.some((claim) => claim.project === owner?.project) ? owner : undefined;
}

function firstOwner(claims: readonly HostClaim[]): Ownership {
  const oldest = claims.reduce((a, b) =>
    b.sinceMs < a.sinceMs || (b.sinceMs === a.sinceMs && b.project < a.project) ? b : a,
  );
  return { project: oldest.project, sinceMs: oldest.sinceMs, lastSeenMs: 0 };
}
