import type { CertificateStore, StoredCertificate } from '../ports.ts';
import { findCertificates } from './find-certificates.ts';
import type { Found } from './found-pair.ts';
import { type JudgedPair, judgePair } from './judge-pair.ts';

/** Certificates that were imported have no account here: their renewal is a new order, not a replacement (RFC 9773 section 5). */
export const IMPORTED_AUTHORITY = 'imported';

/** What became of one certificate. Never holds a key. */
export interface ImportedCertificate {
  readonly source: string;
  readonly names: readonly string[];
  readonly issuer: string;
  /** Epoch milliseconds; 0: not known. */
  readonly notAfterMs: number;
  /**
   * - `taken`: stored, or would be
   * - `skipped`: of no use, or nothing new; `reason` says which
   * - `failed`: it could not be read or stored
   */
  readonly state: 'taken' | 'skipped' | 'failed';
  /** Empty when taken. */
  readonly reason: string;
}

export interface ImportReport {
  /** Whose layout it was. */
  readonly layouts: readonly string[];
  readonly certificates: readonly ImportedCertificate[];
}

export interface ImportOptions {
  readonly path: string;
  readonly store: CertificateStore;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Stores nothing. */
  readonly isDryRun: boolean;
}

/**
 * Copies the usable certificates of a neighbour into the store; the neighbour's files stay as they are. May run beside a primary,
 * whose `FileCertificateStore.watch` tells it, and again: what is there already is skipped.
 *
 * @throws ImportError when nothing is recognised at the path, or it is more than anybody has
 */
export async function importCertificates({ path, store, nowMs, isDryRun }: ImportOptions): Promise<ImportReport> {
  const { layouts, found } = await findCertificates(path);
  const known = await store.load();
  const candidates = found.map((one) => ({ found: one, judged: 'problem' in one ? undefined : judgePair(one, nowMs) }));
  const best = chooseBest(candidates.flatMap(({ judged }) => (judged === undefined ? [] : [judged])));
  const certificates: ImportedCertificate[] = [];
  for (const candidate of candidates) {
    const decided = decide(candidate.found, candidate.judged, { known, best });
    // oxlint-disable-next-line no-await-in-loop -- one after another: each is synced to disk
    certificates.push(isDryRun ? decided : await take(decided, candidate.judged, store));
  }
  return { layouts, certificates };
}

/** Of several for the same names the one that ends last. */
function chooseBest(judged: readonly JudgedPair[]): ReadonlyMap<string, JudgedPair> {
  const best = new Map<string, JudgedPair>();
  for (const one of judged) {
    const before = best.get(keyOf(one.names));
    if (one.problem === '' && (before === undefined || before.notAfterMs < one.notAfterMs)) {
      best.set(keyOf(one.names), one);
    }
  }
  return best;
}

interface Rivals {
  readonly known: readonly StoredCertificate[];
  readonly best: ReadonlyMap<string, JudgedPair>;
}

function decide(found: Found, judged: JudgedPair | undefined, rivals: Rivals): ImportedCertificate {
  if ('problem' in found) {
    const state = found.isFailure ? 'failed' : 'skipped';
    return { source: found.source, names: [], issuer: '', notAfterMs: 0, state, reason: found.problem };
  }
  const { names = [], issuer = '', notAfterMs = 0 } = judged ?? {};
  const reason = judged === undefined ? '' : reasonToSkip(judged, rivals);
  return { source: found.source, names, issuer, notAfterMs, state: reason === '' ? 'taken' : 'skipped', reason };
}

function reasonToSkip(judged: JudgedPair, { known, best }: Rivals): string {
  if (judged.problem !== '') return judged.problem;
  if (known.some(({ id }) => id === judged.id)) return 'already there';
  const key = keyOf(judged.names);
  const isLater = known.some((one) => keyOf(one.names) === key && one.notAfterMs >= judged.notAfterMs);
  if (isLater) return 'already there with a later expiry';
  if (best.get(key) !== judged) return 'another one for the same names ends later';
  return '';
}

async function take(
  decided: ImportedCertificate,
  judged: JudgedPair | undefined,
  store: CertificateStore,
): Promise<ImportedCertificate> {
  if (decided.state !== 'taken' || judged === undefined) return decided;
  const { names, certificatePem, keyPem } = judged;
  try {
    await store.save({ names, certificatePem, keyPem, authority: IMPORTED_AUTHORITY });
    return decided;
  } catch (cause) {
    return { ...decided, state: 'failed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function keyOf(names: readonly string[]): string {
  return names.toSorted().join(' ');
}
