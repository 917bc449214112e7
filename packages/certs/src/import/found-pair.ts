/** A certificate and its key as a neighbour stores them, not yet looked into. */
export interface FoundPair {
  /** For people: the file, or the place in it. */
  readonly source: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Intermediates that are kept apart; empty: none. */
  readonly chainPem: string;
}

/** Something that looks like a certificate and cannot be had. */
export interface FoundProblem {
  readonly source: string;
  readonly problem: string;
  /** It may have been usable: then the import has failed for it. */
  readonly isFailure: boolean;
}

export type Found = FoundPair | FoundProblem;
