import type { StoredCertificate } from '../ports.ts';
import { type CertificateIndex, parentWildcard } from './certificate-index.ts';

/** Names that share one certificate: one name, or a wildcard with its parent. Nothing is shared between sites. */
export interface PlannedOrder {
  /** The names, joined: the identity of the order for lease, failures and log. */
  readonly key: string;
  readonly names: readonly string[];
  /** The newest valid certificate that stands for all of the names. */
  readonly current: StoredCertificate | undefined;
  /** `current` is for other names than these, and the order with this key renews it; empty: nobody else does. */
  readonly renewedBy: string;
  /** A wanted wildcard without a certificate that would stand for the name; empty: none. */
  readonly waitsFor: string;
}

export interface PlanInput {
  readonly names: readonly string[];
  /** Names of certificate files: they beat ours, so nothing is ordered for them. */
  readonly fileNames: ReadonlySet<string>;
  readonly certificates: CertificateIndex;
  readonly nowMs: number;
}

/** Which certificates there should be. Pure; whether and when each is ordered is for the schedule and the retries. */
export function planOrders({ names, fileNames, certificates, nowMs }: PlanInput): readonly PlannedOrder[] {
  const lacking = names.filter((name) => !isCoveredBy(fileNames, name));
  const wanted = new Set(lacking);
  const groups = lacking.flatMap((name) => {
    // The parent of a wanted wildcard is ordered with it.
    if (wanted.has(`*.${name}`)) return [];
    const parent = name.startsWith('*.') ? name.slice(2) : '';
    return [wanted.has(parent) ? [parent, name] : [name]];
  });
  const keys = new Set(groups.map(orderKey));
  const keyOf = new Map(groups.flatMap((group) => group.map((name) => [name, orderKey(group)] as const)));
  return groups.map((group) => {
    const current = certificates.covering(group).find(({ notAfterMs }) => notAfterMs > nowMs);
    const key = orderKey(group);
    const currentKey = current === undefined ? key : orderKey(current.names);
    const wildcard = group.length === 1 ? parentWildcard(group[0] ?? '') : undefined;
    const waitsFor = wildcard === undefined ? '' : (keyOf.get(wildcard) ?? '');
    return {
      key,
      names: group,
      current,
      renewedBy: currentKey !== key && keys.has(currentKey) ? currentKey : '',
      waitsFor: current === undefined ? waitsFor : '',
    };
  });
}

/** Two spellings of the same set have the same key. */
export function orderKey(names: readonly string[]): string {
  return [...names].sort().join(',');
}

function isCoveredBy(fileNames: ReadonlySet<string>, name: string): boolean {
  return fileNames.has(name) || fileNames.has(parentWildcard(name) ?? '');
}
