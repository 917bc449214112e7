import type { CertificateRef } from '@dproxy/core';
import type { CertificatePair } from './certificate-pair.ts';

export interface NamedPair {
  /** What the file is called: `app.example.com`. */
  readonly name: string;
  readonly pair: CertificatePair;
}

/**
 * Decides which certificate answers for a name that several have: the one whose file bears the name, else the one that
 * is valid for longer, else the smaller id, so that every primary decides alike. Losers keep their other names.
 */
export function assignNames(pairs: readonly NamedPair[]): readonly CertificateRef[] {
  const owner = new Map<string, NamedPair>();
  for (const candidate of pairs) {
    for (const name of candidate.pair.names) {
      const present = owner.get(name);
      if (present === undefined || isPreferred(candidate, present, name)) owner.set(name, candidate);
    }
  }
  const refs = new Map<string, CertificateRef>();
  for (const { pair } of pairs) {
    const { id } = pair.material;
    const names = pair.names.filter((name) => owner.get(name)?.pair.material.id === id);
    if (names.length > 0) refs.set(id, { id, names, kind: 'file' });
  }
  return [...refs.values()];
}

function isPreferred(candidate: NamedPair, present: NamedPair, name: string): boolean {
  const bears = Number(bearsName(candidate, name)) - Number(bearsName(present, name));
  if (bears !== 0) return bears > 0;
  const later = candidate.pair.notAfterMs - present.pair.notAfterMs;
  return later !== 0 ? later > 0 : candidate.pair.material.id < present.pair.material.id;
}

/** `_` stands for `*` in file names that a shell would expand. */
function bearsName(pair: NamedPair, name: string): boolean {
  const file = pair.name.toLowerCase();
  return file === name || (file.startsWith('_.') && file.slice(1) === name.slice(1) && name.startsWith('*'));
}
