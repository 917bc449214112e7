import type { Snapshot } from './snapshot.ts';

/** Ids of all certificates whose keys a worker needs for this Snapshot: those that are served, and those of challenges. */
export function* namedMaterial({
  certificates,
  challenges,
}: Pick<Snapshot, 'certificates' | 'challenges'>): Generator<string> {
  yield* certificates.keys();
  for (const challenge of challenges.values()) {
    if (challenge.type === 'tls-alpn-01') yield challenge.certificateId;
  }
}
