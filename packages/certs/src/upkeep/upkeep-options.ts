import type { Scheduler } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import type { CertificateIssuer, CertificateStore, ChallengeSolver } from '../ports.ts';
import type { Ask } from './permission.ts';
import type { Reachability } from './preflight.ts';

export interface CertificateUpkeepOptions {
  readonly issuer: CertificateIssuer;
  /** With `watch`, what other processes save (another primary, `dproxy import`) is served at once; without it within ten minutes. */
  readonly store: CertificateStore & { watch?(onChange: () => void): Promise<AsyncDisposable> };
  /** Answers the preflight's own token as it answers an authority's. */
  readonly solver: ChallengeSolver;
  readonly scheduler: Scheduler;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Default: the real ones. */
  readonly reachability?: Reachability;
  readonly ask?: Ask;
  /** Where authorities fetch http-01 answers. Default 80. */
  readonly httpPort?: number;
  /** Default 30 s. */
  readonly tickMs?: number;
}
